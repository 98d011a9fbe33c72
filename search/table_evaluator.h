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

class OutcomeTable {
 public:
  // kBadData with the line for a table that is none, kUsage for a column that is not there.
  OutcomeTable(std::string_view csv, std::string where, TableMapping mapping, const Space& space);

  // Percent, one a run; nullptr: the table does not have the net.
  const std::vector<double>* runs_of(const spec::Candidate& net) const;
  std::string key_of(const spec::Candidate& net) const;
  const std::string& where() const { return where_; }

 private:
  TableMapping mapping_;
  std::string where_;
  std::vector<Dimension> dimensions_;
  std::map<std::string, std::vector<double>, std::less<>> rows_;
};

class TableEvaluator final : public Evaluator {
 public:
  TableEvaluator(const TableSource& source, const Space& space);  // errors as OutcomeTable

  // A net that the table does not have is a failed trial.
  spec::Outcome evaluate(const spec::Trial& trial, Reporter& reporter) override;

 private:
  OutcomeTable table_;
};

}  // namespace effnet::search
