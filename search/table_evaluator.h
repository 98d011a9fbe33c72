// An evaluator that looks outcomes up: a table of nets that were trained once and for all (NAS-Bench-Macro
// and its like), so that a whole search takes milliseconds. CSV, first row the names, fields may be quoted.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "search/evaluator.h"
#include "search/space.h"

namespace effnet::search {

// How a trial finds its row.
enum class TableKey {
  kArch,     // `key` is a column with the canonical text of the net
  kDigits,   // `key` is a column of digits: for each choice in the space's order the position of its value
  kChoices,  // one column a choice, named like it ("stage1.kernel")
};

struct TableMapping {
  TableKey kind = TableKey::kChoices;
  std::string key;                    // kArch, kDigits
  std::vector<std::string> accuracy;  // percent; of several columns (runs) the trial's seed draws one
};

// table:FILE.csv[,key=COLUMN][,form=arch|digits|choices][,accuracy=COLUMN[+COLUMN...]]
struct TableSource {
  std::filesystem::path file;
  TableMapping mapping;
};
TableSource parse_table_source(std::string_view text);  // without "table:"; kUsage

class TableEvaluator final : public Evaluator {
 public:
  // kBadData with the line for a table that is none, kUsage for a column that is not there.
  TableEvaluator(const TableSource& source, const Space& space);

  // A net that the table does not have is a failed trial.
  spec::Outcome evaluate(const spec::Trial& trial, Reporter& reporter) override;

 private:
  std::string key_of(const spec::Candidate& candidate) const;

  TableMapping mapping_;
  std::string file_;
  std::vector<Dimension> dimensions_;
  std::map<std::string, std::vector<double>, std::less<>> rows_;
};

}  // namespace effnet::search
