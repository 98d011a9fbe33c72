#include <atomic>
#include <pqxx/pqxx>

#include "store/postgres_location.h"
#include "tests/support/postgres_server.h"
#include "tests/support/scratch_store.h"

namespace effnet::tests {

ScratchStore::ScratchStore() {
  static std::atomic<int> number = 0;
  location_ = PostgresServer::shared().url() + "#case_" + std::to_string(++number);
}

void ScratchStore::execute(const std::string& sql) const {
  const store::PostgresLocation location = store::parse_postgres_url(location_);
  pqxx::connection connection(location.url);
  pqxx::nontransaction server(connection);
  server.exec("SET search_path = \"" + location.schema + "\"; " + sql);
}

}  // namespace effnet::tests
