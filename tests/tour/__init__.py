"""The tour: the real bot driven on the page through every interaction; it writes docs/experience.md.

A scene is data: what is typed and clicked, what must be seen, and the sentence of the page. Chapters stand in
`tests/tour/chapters/`; to add a scene, add it there and run `make tour TOUR=name-of-the-scene`.
"""
