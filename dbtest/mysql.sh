#!/bin/sh
# Starts a real MySQL for an opt-in run of the suite and prints the DSN for INGOT_MYSQL:
#
#	INGOT_MYSQL=$(dbtest/mysql.sh /var/tmp/mysql) go test -C dbtest ./...
#
# It needs root, a Debian with debootstrap and some 900 MB. The folder keeps the installed
# server, so that the next start takes seconds; "mysql.sh DIR stop" stops it. Debian's
# unstable release is the only one with MySQL, and its version moves: it is printed.
set -eu
dir=$1
port=${PORT:-13308}
data=/data/d1
dsn="root@tcp(127.0.0.1:$port)/"

if [ "${2:-}" = stop ]; then
	kill "$(cat "$dir$data.pid")"
	exit
fi
if [ ! -x "$dir/usr/sbin/mysqld" ]; then
	debootstrap --variant=minbase sid "$dir" >&2
	cp /etc/apt/apt.conf.d/* "$dir/etc/apt/apt.conf.d/" 2>/dev/null || true
	printf '#!/bin/sh\nexit 101\n' >"$dir/usr/sbin/policy-rc.d"
	chmod +x "$dir/usr/sbin/policy-rc.d"
	chroot "$dir" apt-get update >&2
	chroot "$dir" apt-get install -y --no-install-recommends mysql-server-core mysql-client-core >&2
fi
if [ ! -d "$dir$data" ]; then
	mkdir -p "$dir/data"
	chroot "$dir" mysqld --no-defaults --user=root --initialize-insecure --datadir=$data >&2
fi
if ! kill -0 "$(cat "$dir$data.pid" 2>/dev/null)" 2>/dev/null; then
	chroot "$dir" mysqld --no-defaults --user=root --datadir=$data --port="$port" --bind-address=127.0.0.1 --mysqlx=OFF \
		--socket=$data.sock --pid-file=$data.pid --log-error=$data.err --secure-file-priv=NULL --performance-schema=OFF \
		--innodb-buffer-pool-size=64M --skip-log-bin --innodb-flush-log-at-trx-commit=0 >/dev/null 2>&1 &
	for _ in $(seq 60); do
		chroot "$dir" mysqladmin --no-defaults --socket=$data.sock -u root ping >/dev/null 2>&1 && break
		sleep 0.5
	done
	chroot "$dir" mysql --no-defaults --socket=$data.sock -u root -e "CREATE USER IF NOT EXISTS 'root'@'127.0.0.1' IDENTIFIED BY '';
		GRANT ALL ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION; SELECT VERSION()" >&2
fi
echo "$dsn"
