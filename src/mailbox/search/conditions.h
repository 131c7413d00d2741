// A query as evaluation sees it: each condition by what it costs to know, and rows that are in, out, or not
// known yet. Pure; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "mailbox/flags.h"
#include "mailbox/folder_table.h"
#include "mailbox/query.h"
#include "mailbox/search/field_column.h"
#include "mailbox/search/index.h"
#include "mailbox/search/needles.h"
#include "mailbox/uid_set.h"
#include "message/envelope.h"

namespace pabal::mailbox::search {

/// The folder that is searched, at one moment. All of it outlives the search.
struct Searched {
  const FolderTable& table;
  const KeywordTable& keywords;
  std::span<const UidSet> sets;  ///< what query::InSet counts
  std::chrono::sys_seconds now;  ///< for YOUNGER and OLDER
};

/// So that And is the least of its parts, Or the greatest, and Not what is left of 2.
enum class Verdict : std::uint8_t { kOut = 0, kUnknown = 1, kIn = 2 };

/// What must be read to know a condition, cheapest first.
enum class Cost : std::uint8_t { kRow, kThread, kEnvelope, kLetter };

/// A condition that a row alone does not answer.
struct Leaf {
  const Query* query = nullptr;
  Cost cost = Cost::kLetter;
  Needle needle{};          ///< of those that look for a text
  Candidates candidates{};  ///< all, unless the index was asked
  bool has_needle = false;
  /// Of an envelope's field that is kept in memory: what its letters have. Others are not known by it.
  std::shared_ptr<const FieldColumn> column{};
  std::vector<bool> column_has{};

  void use_column(std::shared_ptr<const FieldColumn> kept);
  /// What candidates and column tell of a letter. `hint` is the column's.
  Verdict rate(LetterId letter, std::size_t& hint) const;
};

class Conditions {
 public:
  /// The query outlives the conditions.
  explicit Conditions(const Query& query);

  std::span<Leaf> leaves() { return leaves_; }
  std::span<const Leaf> leaves() const { return leaves_; }

  /// A verdict for each row, from what rows and the leaves' candidates and columns tell.
  std::vector<Verdict> rate_rows(const Searched& folder) const;
  /// The verdict on one row, its leaves known so far.
  Verdict rate(const Row& row, const Searched& folder, std::span<const Verdict> leaves) const;

 private:
  enum class Kind : std::uint8_t { kAll, kAnd, kOr, kNot, kRow, kLeaf };
  struct Node {
    Kind kind = Kind::kAll;
    std::vector<Node> parts{};
    const Query* query = nullptr;  ///< of kRow
    std::size_t leaf = 0;          ///< of kLeaf
  };

  Node build(const Query& query);
  Node build_parts(Kind kind, std::span<const Query> parts);
  Node add_leaf(const Query& query, Cost cost, Needle needle = {}, bool has_needle = false);
  void rate_rows(const Node& node, const Searched& folder, std::vector<Verdict>& out) const;
  Verdict rate(const Node& node, const Row& row, const Searched& folder,
               std::span<const Verdict> leaves) const;

  std::vector<Leaf> leaves_;
  Node root_;
};

/// A condition that the letter's envelope answers.
bool envelope_matches(const Leaf& leaf, const message::Envelope& envelope);

}  // namespace pabal::mailbox::search
