// Letters that are in no folder any more, and changes that are too old to be told.
#include <algorithm>
#include <span>

#include "mailbox/records.h"
#include "mailbox/thread_ids.h"
#include "mailbox/upkeep.h"

namespace pabal::mailbox {

namespace {

// Of one batch: a letter is three operations.
constexpr std::size_t kBatchLetters = 500;
constexpr std::size_t kBatchKeys = 1000;
// Removed letters that are gathered before they are dropped.
constexpr std::size_t kMaxGathered = 10'000;

}  // namespace

/// Of the rows that left in some changes.
struct Upkeep::Removed {
  std::vector<LetterId> letters;
  std::unordered_set<LetterId> shared;
  ModSeq until;
  std::optional<WallTime> next;  ///< when the first change may be looked at that was too young
  bool more = false;             ///< there is more to be done already

  bool take(const LogRecord& record, WallTime now, std::chrono::seconds grace) {
    if (letters.size() + shared.size() >= kMaxGathered) {
      more = true;
      return false;
    }
    for (const Operation& operation : record.operations) {
      const auto* const left = std::get_if<op::RowsLeft>(&operation);
      if (!left || (left->letters.empty() && left->shared_letters.empty())) continue;
      if (record.at + grace > now) {
        next = record.at + grace;
        return false;
      }
    }
    for (const Operation& operation : record.operations) {
      const auto* const left = std::get_if<op::RowsLeft>(&operation);
      if (!left) continue;
      letters.insert(letters.end(), left->letters.begin(), left->letters.end());
      shared.insert(left->shared_letters.begin(), left->shared_letters.end());
    }
    until = record.after.last_change;
    return true;
  }
};

net::Task<Result<ModSeq>> Upkeep::load_swept() {
  PABAL_CO_TRY(const auto value, co_await engine_.get_one(partition_, std::string(kSweptKey)));
  if (!value) co_return ModSeq();
  const auto swept = decode_checkpoint(value->bytes);
  if (!swept) co_return fail(ErrorKind::kCorrupt, "what was swept of {} can't be read", partition_);
  co_return *swept;
}

net::Task<Result<std::optional<WallTime>>> Upkeep::sweep(WallTime now) {
  for (;;) {
    PABAL_CO_TRY(const ModSeq swept, co_await load_swept());
    Removed removed{.letters = {}, .shared = {}, .until = swept, .next = {}};
    PABAL_CO_TRY_VOID(co_await scan_log(engine_, partition_, swept, [&](const LogRecord& record) {
      return removed.take(record, now, options_.grace);
    }));
    if (removed.until == swept) co_return removed.next;
    PABAL_CO_TRY_VOID(co_await drop(std::move(removed.letters)));
    if (!removed.shared.empty()) PABAL_CO_TRY_VOID(co_await drop_unused(std::move(removed.shared)));
    // After a crash before this, all is dropped once more, which does nothing.
    store::Batch batch(partition_);
    batch.put(std::string(kSweptKey), encode_checkpoint(removed.until));
    PABAL_CO_TRY_VOID(co_await engine_.commit(std::move(batch)));
    if (!removed.more) co_return removed.next;
  }
}

net::Task<Result<void>> Upkeep::drop(std::vector<LetterId> letters) {
  ThreadIds threads(engine_, partition_);
  for (std::size_t begin = 0; begin < letters.size(); begin += kBatchLetters) {
    const std::size_t count = std::min(kBatchLetters, letters.size() - begin);
    std::vector<std::string> keys;
    const auto some = std::span(letters).subspan(begin, count);
    for (const LetterId id : some) keys.push_back(letter_key(id));
    PABAL_CO_TRY(const auto values, co_await engine_.get(partition_, keys));
    store::Batch batch(partition_);
    for (std::size_t i = 0; i < count; ++i) {
      if (!values[i]) continue;
      const auto record = decode_letter_record(values[i]->bytes);
      if (!record) co_return fail(ErrorKind::kCorrupt, "a letter of {} can't be read", partition_);
      batch.release(record->blob, keys[i]);
      batch.erase(keys[i]);
      batch.erase(facts_key(letters[begin + i]));
    }
    PABAL_CO_TRY_VOID(co_await threads.forget(some));
    if (!batch.writes().empty()) PABAL_CO_TRY_VOID(co_await engine_.commit(std::move(batch)));
  }
  co_return Result<void>();
}

// Copies may be in any folder, and so may letters that were reserved (apply.h). One that is in none can't
// come back, since a copy is made of a row: so it is enough that no table has it, read one after the other,
// and that it came into none meanwhile.
net::Task<Result<void>> Upkeep::drop_unused(std::unordered_set<LetterId> letters) {
  PABAL_CO_TRY(const auto head, co_await load_log_head(engine_, partition_));
  if (!head) co_return Result<void>();
  PABAL_CO_TRY(const std::vector<Folder> folders, co_await load_stored_folders(engine_, partition_));
  for (const Folder& folder : folders) {
    if (folder.letters == 0 && folder.mod_seq <= head->after.last_change) continue;
    PABAL_CO_TRY(const Table table, co_await load_table(engine_, partition_, folder.id));
    table->for_each([&](std::size_t, const Row& row) { letters.erase(row.letter); });
  }
  PABAL_CO_TRY_VOID(
      co_await scan_log(engine_, partition_, head->after.last_change, [&](const LogRecord& record) {
        for (const Operation& operation : record.operations) {
          const auto* const came = std::get_if<op::RowsCame>(&operation);
          if (!came) continue;
          for (const auto& row : came->rows) letters.erase(row.letter);
        }
        return true;
      }));
  co_return co_await drop({letters.begin(), letters.end()});
}

net::Task<Result<std::uint64_t>> Upkeep::trim(WallTime now) {
  PABAL_CO_TRY(const auto head, co_await load_log_head(engine_, partition_));
  if (!head) co_return 0;
  PABAL_CO_TRY(const Checkpoint checkpoint, co_await load_checkpoint(engine_, partition_));
  PABAL_CO_TRY(const ModSeq swept, co_await load_swept());
  const std::uint64_t last = head->after.last_change.value();
  const std::uint64_t beyond_count = last > options_.keep_changes ? last - options_.keep_changes : 0;
  // The last record stays in any case: it says where the account stands.
  const ModSeq may_go(std::min({checkpoint.at.value(), swept.value(), beyond_count, last - 1}));

  std::uint64_t trimmed = 0;
  for (;;) {
    std::vector<std::string> keys;
    ModSeq last_of_page;
    const auto range = store::KeyRange::with_prefix(kLogPrefix);
    PABAL_CO_TRY(const store::ScanPage page,
                 co_await engine_.scan(partition_, range, {.max_entries = kBatchKeys}));
    for (std::size_t i = 0; i < page.size(); ++i) {
      const auto key = parse_log_key(page[i].key);
      if (!key) co_return fail(ErrorKind::kCorrupt, "the log of {} can't be read", partition_);
      if (key->change > may_go) break;
      if (key->part == 0) {
        const auto first = decode_log_head(page[i].value);
        if (!first) co_return fail(ErrorKind::kCorrupt, "the log of {} can't be read", partition_);
        if (first->at + options_.keep_log > now) break;
      }
      keys.emplace_back(page[i].key);
      last_of_page = key->change;
    }
    // A record goes whole; the last one may go on in the next page.
    const bool more = keys.size() == page.size() && page.next();
    while (more && !keys.empty() && parse_log_key(keys.back())->change == last_of_page) keys.pop_back();
    if (keys.empty()) co_return trimmed;
    store::Batch batch(partition_);
    for (std::string& key : keys) {
      if (parse_log_key(key)->part == 0) ++trimmed;
      batch.erase(std::move(key));
    }
    PABAL_CO_TRY_VOID(co_await engine_.commit(std::move(batch)));
    if (!more) co_return trimmed;
  }
}

}  // namespace pabal::mailbox
