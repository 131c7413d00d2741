#include "mailbox/keeper.h"

#include <vector>

#include "base/cursor.h"
#include "base/record_reader.h"
#include "net/loop.h"

namespace pabal::mailbox {

namespace {

constexpr std::string_view kDuePrefix = "due/";
// Accounts whose changes are counted between checkpoints; all are counted anew when there are more.
constexpr std::size_t kMaxCounted = 100'000;
constexpr std::size_t kBatchKeys = 1000;
// After a failure of the store.
constexpr std::chrono::minutes kRetry{1};

store::PartitionId partition() { return store::PartitionId("upkeep"); }

std::string due_key(account::AccountId account) {
  std::string key(kDuePrefix);
  append_u64(key, account.value());
  return key;
}

std::string encode_due(WallTime at) {
  std::string bytes;
  append_u64(bytes, static_cast<std::uint64_t>(at.time_since_epoch().count()));
  return bytes;
}

bool told_to_stop(const net::Context& context) { return context.cancel && context.cancel->cancelled(); }

}  // namespace

Keeper::Keeper(store::Engine& engine, const Clock& clock, KeeperOptions options, Known known)
    : engine_(engine), clock_(clock), options_(options), known_(std::move(known)) {}

void Keeper::note(account::AccountId account, const Written& written) {
  const std::lock_guard lock(mutex_);
  Note& note = notes_[account];
  note.changes += 1;
  note.bytes += written.bytes;
  note.rows_left = note.rows_left || written.rows_left;
}

net::Task<void> Keeper::run() {
  const net::Context context = co_await net::current_context();
  do {
    co_await look_up();
  } while (co_await net::sleep_until(context.loop->in(options_.pause)));
}

net::Task<void> Keeper::look_up() {
  if (!loaded_) loaded_ = (co_await load_due()).has_value();
  Notes notes;
  {
    const std::lock_guard lock(mutex_);
    notes.swap(notes_);
  }
  std::map<account::AccountId, WallTime> fresh;
  for (const auto& [account, note] : notes) {
    if (!note.rows_left) continue;
    const WallTime at = clock_.wall() + options_.upkeep.grace;
    if (due_.try_emplace(account, at).second) fresh.emplace(account, at);
  }
  // If they can't be saved, this process still knows; and the account's next removal says it again.
  if (!fresh.empty()) std::ignore = co_await save_due(fresh);
  co_await tend_changed(notes);
  co_await tend_due();
}

net::Task<Result<void>> Keeper::load_due() {
  std::optional<store::KeyRange> range = store::KeyRange::with_prefix(kDuePrefix);
  while (range) {
    PABAL_CO_TRY(const store::ScanPage page, co_await engine_.scan(partition(), *range, {}));
    for (std::size_t i = 0; i < page.size(); ++i) {
      Cursor key(page[i].key.substr(kDuePrefix.size()));
      const auto account = key.take_u64();
      RecordReader value(page[i].value);
      const WallTime at = value.time();
      // What can't be read is looked at now, which mends it.
      if (account) due_.try_emplace(account::AccountId(*account), value.complete() ? at : clock_.wall());
    }
    range = page.next();
  }
  co_return Result<void>();
}

net::Task<Result<void>> Keeper::save_due(const std::map<account::AccountId, WallTime>& fresh) {
  auto at = fresh.begin();
  while (at != fresh.end()) {
    store::Batch batch(partition());
    for (std::size_t count = 0; count < kBatchKeys && at != fresh.end(); ++count, ++at) {
      batch.put(due_key(at->first), encode_due(at->second));
    }
    PABAL_CO_TRY_VOID(co_await engine_.commit(std::move(batch)));
  }
  co_return Result<void>();
}

net::Task<void> Keeper::tend_changed(const Notes& notes) {
  const net::Context context = co_await net::current_context();
  if (since_checkpoint_.size() > kMaxCounted) since_checkpoint_.clear();
  for (const auto& [account, note] : notes) {
    if (told_to_stop(context)) co_return;
    const auto [counted, added] = since_checkpoint_.try_emplace(account, note);
    Note& since = counted->second;
    if (added) {
      // What an earlier process left is counted once.
      const auto changes = co_await upkeep_of(account).changes_since_checkpoint();
      if (changes) since.changes = *changes;
    } else {
      since.changes += note.changes;
      since.bytes += note.bytes;
    }
    if (since.changes < options_.checkpoint_changes && since.bytes < options_.checkpoint_bytes) continue;
    if (co_await checkpoint(account)) since = {};
  }
}

net::Task<Result<void>> Keeper::checkpoint(account::AccountId account) {
  Upkeep upkeep = upkeep_of(account);
  PABAL_CO_TRY_VOID(co_await upkeep.checkpoint(known_(account)));
  // The log is dropped only as far as letters are swept, so that comes first.
  PABAL_CO_TRY_VOID(co_await sweep(account));
  PABAL_CO_TRY_VOID(co_await upkeep.trim(clock_.wall()));
  co_return Result<void>();
}

net::Task<void> Keeper::tend_due() {
  const net::Context context = co_await net::current_context();
  std::vector<account::AccountId> now;
  for (const auto& [account, at] : due_) {
    if (at <= clock_.wall()) now.push_back(account);
  }
  for (const account::AccountId account : now) {
    if (told_to_stop(context)) co_return;
    if (!co_await sweep(account)) due_[account] = clock_.wall() + kRetry;
  }
}

net::Task<Result<void>> Keeper::sweep(account::AccountId account) {
  PABAL_CO_TRY(const auto next, co_await upkeep_of(account).sweep(clock_.wall()));
  const auto known = due_.find(account);
  if (next) {
    if (known != due_.end() && known->second == *next) co_return Result<void>();
    due_[account] = *next;
    co_return co_await save_due({{account, *next}});
  }
  if (known == due_.end()) co_return Result<void>();
  due_.erase(known);
  store::Batch batch(partition());
  batch.erase(due_key(account));
  PABAL_CO_TRY_VOID(co_await engine_.commit(std::move(batch)));
  co_return Result<void>();
}

Upkeep Keeper::upkeep_of(account::AccountId account) {
  return Upkeep(engine_, account::partition_of(account), options_.upkeep);
}

}  // namespace pabal::mailbox
