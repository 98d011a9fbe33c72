// A PostgreSQL server for one test program: started where it is first asked for, in a folder of its own, on a Unix socket in
// that folder; stopped and removed when the program ends, however it ends. As root it runs as the user `postgres`.
// Where no server is installed the program says so and ends with 77, which ctest shows as skipped.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

namespace effnet::tests {

class PostgresServer {
 public:
  static PostgresServer& shared();

  // postgresql://USER@/DATABASE?host=... ; the user effnet may do anything, `password` as in the URL (":secret").
  std::string url(const std::string& user = "effnet", const std::string& database = "postgres",
                  const std::string& password = {}) const;
  void crash();  // connections break, what was not yet written is lost; returns when the server is down
  void start();

  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

 private:
  PostgresServer();
  ~PostgresServer();
  void order(const std::string& what);

  std::filesystem::path folder_;
  pid_t keeper_ = -1;
  int orders_ = -1, answers_ = -1;
};

}  // namespace effnet::tests
