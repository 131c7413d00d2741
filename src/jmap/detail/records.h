// What JMAP alone knows of an account: identities, submissions, the vacation response. Few records, each a
// JSON object of its properties, under `jmap/<kind>/<number>`, beside a head that tells where the kind stands
// (docs/store-format-jmap.md). A change expects the head that it has read, so two never write over each
// other.
//
// Any loop's thread; waits for the store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jmap/detail/call.h"
#include "jmap/detail/standard.h"
#include "store/engine.h"

namespace pabal::jmap::detail {

/// Of one kind in one account; the oldest submissions make room for new ones.
inline constexpr std::size_t kMaxRecords = 2000;

struct RecordKind {
  std::string_view name;  ///< in keys
  char letter;            ///< in ids
};
inline constexpr RecordKind kIdentities{"identity", 'I'};
inline constexpr RecordKind kSubmissions{"submission", 'S'};
inline constexpr RecordKind kVacations{"vacation", 'V'};

struct Record {
  std::uint64_t number = 0;
  std::uint64_t made = 0;     ///< the states in which it was made
  std::uint64_t changed = 0;  ///< and last changed
  Json value{};
};

class Records {
 public:
  static net::Task<Result<Records>> load(Call& call, RecordKind kind);

  const std::vector<Record>& all() const { return records_; }
  std::string state() const { return fmt::format("{}", state_); }
  std::string id_of(const Record& record) const { return fmt::format("{}{}", kind_.letter, record.number); }
  const Record* find(std::string_view id) const;

  // What is to be changed, until it is stored. A record's place is good until the next call.
  Record& add(Json value);
  void set(const Record& record, Json value);
  void erase(const Record& record);
  /// One commit; nothing if nothing was changed. kConflict: somebody else was faster.
  net::Task<Result<void>> store(Call& call);

  /// Nothing: too long ago, or records were destroyed since, which are not remembered.
  std::optional<ChangesAnswer> changes(const ChangesRequest& request) const;

 private:
  explicit Records(RecordKind kind) : kind_(kind) {}
  std::string key(std::uint64_t number) const;
  void touch();

  RecordKind kind_;
  std::uint64_t state_ = 0;
  std::uint64_t last_number_ = 0;
  std::uint64_t last_destroyed_ = 0;  ///< the state in which a record went
  std::optional<store::Version> version_;
  std::vector<Record> records_;  // by number
  bool touched_ = false;
  std::vector<std::uint64_t> put_;
  std::vector<std::uint64_t> erased_;
};

/// One method of a kind that has nothing special.
net::Task<Outcome> answer_changes(Call& call, RecordKind kind);

}  // namespace pabal::jmap::detail
