#include "apps/effnet/run_records.h"

#include <algorithm>

#include "spec/atomic_file.h"
#include "spec/error.h"

namespace effnet::apps {

std::vector<spec::RunRecord> read_run_records(const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
  if (!fs::is_directory(folder))
    throw spec::Error(spec::ErrorKind::kBadData, folder.string(), "is not a folder", "check the path");
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().filename() == "results.json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<spec::RunRecord> records;
  for (const fs::path& file : files)
    records.push_back(spec::run_record_from_json(spec::read_file(file), file.string()));
  return records;
}

}  // namespace effnet::apps
