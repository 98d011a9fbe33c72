// A shell keeps the server: it takes orders from a pipe, and the pipe's end is the order to clean up, so that a test program
// that is killed leaves nothing behind.
#include "tests/support/postgres_server.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <random>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace effnet::tests {
namespace {

namespace fs = std::filesystem;

// $1 is the folder of the server's programs, $2 that of this server. The user `guarded` needs a password.
constexpr const char* kKeeper = R"sh(
cd "$2" && exec 2>keeper.log || exit 1
control() { "$1/pg_ctl" -D data -w -t 60 -s "$2" "$3" "$4" >>keeper.log && echo done || echo failed; }
"$1/initdb" -D data -U effnet --auth=trust --no-sync --encoding=UTF8 --locale=C >initdb.log || exit 1
cat >>data/postgresql.conf <<TEXT
listen_addresses = ''
unix_socket_directories = '$2'
max_connections = 300
fsync = off
shared_buffers = 32MB
autovacuum = off
wal_writer_delay = 10s
TEXT
printf '%s\n' 'local all guarded scram-sha-256' 'local all all trust' >data/pg_hba.conf
while read -r order; do
  case $order in
    start) control "$1" start --log server.log ;;
    crash) control "$1" stop --mode immediate ;;
  esac
done
"$1/pg_ctl" -D data -s stop --mode immediate
cd / && rm -rf "$2"
)sh";

fs::path programs_of_server() {
  std::vector<fs::path> folders;
  if (fs::is_directory("/usr/lib/postgresql")) {  // where Debian has them, one folder a version
    for (const auto& version : fs::directory_iterator("/usr/lib/postgresql"))
      folders.push_back(version.path() / "bin");
  }
  std::istringstream path(std::getenv("PATH") ? std::getenv("PATH") : "");
  for (std::string folder; std::getline(path, folder, ':');) folders.emplace_back(folder);
  for (const fs::path& folder : folders) {
    if (fs::exists(folder / "initdb") && fs::exists(folder / "pg_ctl")) return folder;
  }
  std::puts("skipped: no PostgreSQL server is installed (Debian: postgresql)");
  std::exit(77);
}

const passwd* unprivileged_user() {
  if (geteuid() != 0) return nullptr;
  const passwd* user = getpwnam("postgres");
  if (user) return user;
  std::puts("skipped: PostgreSQL does not run as root, and there is no user 'postgres'");
  std::exit(77);
}

}  // namespace

PostgresServer& PostgresServer::shared() {
  static PostgresServer server;
  return server;
}

PostgresServer::PostgresServer() {
  const std::string programs = programs_of_server();
  const passwd* user = unprivileged_user();
  folder_ = fs::temp_directory_path() / ("effnet-postgres-" + std::to_string(std::random_device()()));
  fs::create_directory(folder_);
  fs::permissions(folder_, fs::perms::owner_all);
  if (user && chown(folder_.c_str(), user->pw_uid, user->pw_gid) != 0)
    throw std::runtime_error("chown of " + folder_.string());

  int orders[2], answers[2];
  if (pipe2(orders, O_CLOEXEC) != 0 || pipe2(answers, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  keeper_ = fork();
  if (keeper_ == 0) {
    setsid();  // Ctrl-C is for the test program
    dup2(orders[0], 0);
    dup2(answers[1], 1);
    if (user &&
        (initgroups("postgres", user->pw_gid) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0))
      _exit(126);
    execl("/bin/sh", "sh", "-c", kKeeper, "sh", programs.c_str(), folder_.c_str(), nullptr);
    _exit(127);
  }
  close(orders[0]);
  close(answers[1]);
  orders_ = orders[1];
  answers_ = answers[0];
  start();
}

PostgresServer::~PostgresServer() {
  close(orders_);
  waitpid(keeper_, nullptr, 0);
}

void PostgresServer::order(const std::string& what) {
  const std::string line = what + "\n";
  if (write(orders_, line.data(), line.size()) < 0) throw std::runtime_error("the server's keeper has gone");
  std::string answer;
  for (char c = 0; read(answers_, &c, 1) == 1 && c != '\n';) answer += c;
  if (answer != "done") throw std::runtime_error("PostgreSQL did not " + what + ": see " + folder_.string());
}

void PostgresServer::crash() {
  order("crash");
}

void PostgresServer::start() {
  order("start");
}

std::string PostgresServer::url(const std::string& user, const std::string& database,
                                const std::string& password) const {
  return "postgresql://" + user + password + "@/" + database + "?host=" + folder_.string();
}

}  // namespace effnet::tests
