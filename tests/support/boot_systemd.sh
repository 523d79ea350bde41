#!/bin/bash
# Boots a real systemd as process 1 of namespaces of its own: own processes, own /run, /tmp, /etc/systemd, /opt,
# own control groups, and only the units below $1/units. Needs root. Dies with whoever started it.
#   $1 directory with units/, passwd, group, roomkey/ (becomes /etc/roomkey)   $2 name of the control group
#   $3... directories to show, as FROM=TO (TO below /opt)
set -eu
base=$1 group=$2
shift 2
own() { # own MOUNTPOINT: put this process into a group of its own, which then is the root of all it sees
  mkdir -p "$1/$group"
  echo $$ >"$1/$group/cgroup.procs"
}
if [ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ]; then
  own /sys/fs/cgroup
else
  for kind in systemd memory pids cpu unified; do
    [ ! -d "/sys/fs/cgroup/$kind" ] || own "/sys/fs/cgroup/$kind"
  done
fi
exec unshare --mount --pid --fork --ipc --uts --cgroup --kill-child=SIGKILL --propagation private -- \
  /bin/bash -eu -c '
base=$1
shift
kind=$(stat -fc %T /sys/fs/cgroup)
mount -t proc proc /proc
mount --bind "$base" /mnt
mount --bind "$base/passwd" /etc/passwd
mount --bind "$base/group" /etc/group
mount -t tmpfs -o mode=755 tmpfs /opt
for pair in "$@"; do
  mkdir -p "${pair#*=}"
  mount --bind "${pair%%=*}" "${pair#*=}"
done
for place in /tmp /var/tmp; do mount -t tmpfs -o mode=1777 tmpfs "$place"; done
for place in /run /etc/systemd; do mount -t tmpfs -o mode=755 tmpfs "$place"; done
if [ "$kind" = cgroup2fs ]; then
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
else
  here=$(ls /sys/fs/cgroup)
  mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
  for one in $here; do
    mkdir "/sys/fs/cgroup/$one"
    case "$one" in
      unified) mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified ;;
      systemd) mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd ;;
      memory|pids|cpu) mount -t cgroup -o "$one" cgroup "/sys/fs/cgroup/$one" ;;
    esac
  done
fi
mkdir -p /etc/roomkey /run/units /run/none
mount --bind /mnt/roomkey /etc/roomkey
mount --bind /mnt/state /var/lib
cp /mnt/units/* /run/units/
umount /mnt
if [ -d /opt/python/lib ]; then # its own libraries, which it would seek where it was installed
  printf "/opt/python/lib\ninclude /etc/ld.so.conf.d/*.conf\n" >/run/ld.so.conf
  /sbin/ldconfig -X -f /run/ld.so.conf -C /run/ld.so.cache
  mount --bind /run/ld.so.cache /etc/ld.so.cache
fi
mount --make-rshared / # as systemd has it, and no further than to what it starts: credentials need it
export container=roomkey SYSTEMD_UNIT_PATH=/run/units SYSTEMD_GENERATOR_PATH=/run/none
export SYSTEMD_ENVIRONMENT_GENERATOR_PATH=/run/none
exec /lib/systemd/systemd --system --log-target=console --show-status=0 --unit=default.target
' boot "$base" "$@"
