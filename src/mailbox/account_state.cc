#include "mailbox/account_state.h"

#include <algorithm>
#include <set>

#include "mailbox/log_scan.h"
#include "mailbox/records.h"

namespace pabal::mailbox {

namespace {

// How often other nodes may write while we read, before whoever waits is asked to come again.
constexpr int kMaxTries = 16;
// A node that is so far behind reads anew; replaying would take longer.
constexpr std::size_t kMaxReplayed = 10'000;

// About what a folder takes, in the list and in its index by path.
constexpr std::size_t kFolderBytes = 400;

bool touches(const LogRecord& record, FolderId folder) {
  return std::ranges::any_of(record.operations,
                             [&](const Operation& operation) { return folder_of(operation) == folder; });
}

std::unexpected<Error> others_keep_writing() {
  return fail(ErrorKind::kRetryLater, "other nodes keep writing to the mailbox");
}

std::vector<Table>::iterator place_of(std::vector<Table>& tables, FolderId folder) {
  return std::ranges::find(tables, folder, [](const Table& table) { return table->folder(); });
}

void put_table(std::vector<Table>& tables, Table table) {
  const auto place = place_of(tables, table->folder());
  if (place == tables.end()) {
    tables.push_back(std::move(table));
  } else {
    *place = std::move(table);
  }
}

void drop_tables_of_gone(const FolderEdits& edits, std::vector<Table>& tables) {
  for (const FolderEdits::Edit& edit : edits.all()) {
    if (edit.folder) continue;
    if (const auto place = place_of(tables, edit.id); place != tables.end()) tables.erase(place);
  }
}

}  // namespace

AccountState::AccountState(store::Engine& engine, const Clock& clock, store::PartitionId partition)
    : engine_(engine), clock_(clock), partition_(std::move(partition)) {}

std::optional<Counters> AccountState::find_counters() const {
  const std::lock_guard lock(mutex_);
  return shown_ ? std::optional(view_.counters) : std::nullopt;
}

Folders AccountState::find_folders() const {
  FolderSet folders;
  ModSeq mod_seq;
  {
    const std::lock_guard lock(mutex_);
    if (!shown_) return nullptr;
    if (list_) return list_;
    folders = view_.folders;
    mod_seq = view_.counters.last_change;
  }
  // Beside the mutex: ten thousand folders take a while to sort.
  Folders list = folders.merged(mod_seq);
  const std::lock_guard lock(mutex_);
  if (shown_ && view_.counters.last_change == mod_seq) list_ = list;
  return list;
}

Table AccountState::find_table(FolderId folder) const {
  const std::lock_guard lock(mutex_);
  return shown_ ? view_.find_table(folder) : nullptr;
}

template <class How>
void AccountState::change(How how) {
  std::size_t bytes = sizeof(*this);
  std::vector<Table> replaced;  // freed when the mutex is not held any more
  {
    const std::lock_guard lock(mutex_);
    replaced = view_.tables;
    how(view_);
    list_.reset();
    shown_ = true;
  }
  for (const Table& table : view_.tables) bytes += table->memory_bytes();
  memory_bytes_.store(bytes + kFolderBytes * view_.counters.last_folder.value(), std::memory_order_relaxed);
}

void AccountState::forget() {
  loaded_ = false;
  const std::lock_guard lock(mutex_);
  // Sessions go on with what they have; the tables are read again when somebody asks.
  view_.tables.clear();
}

net::Task<Result<void>> AccountState::load() {
  if (loaded_) co_return Result<void>();
  co_return co_await load_all();
}

// When the account was first looked at: what its first folders' UIDVALIDITY is, though no change has stored
// them yet. Kept, since clients must find the same after a restart, and on another node.
net::Task<Result<WallTime>> AccountState::load_beginning() {
  for (int tries = 0; tries < kMaxTries; ++tries) {
    PABAL_CO_TRY(const auto stored, co_await engine_.get_one(partition_, std::string(kBeginningKey)));
    if (stored) {
      const auto begun = decode_beginning(stored->bytes);
      if (!begun) co_return fail(ErrorKind::kCorrupt, "the beginning of {} can't be read", partition_);
      co_return *begun;
    }
    store::Batch batch(partition_);
    batch.expect_absent(std::string(kBeginningKey));
    batch.put(std::string(kBeginningKey), encode_beginning(clock_.wall()));
    const auto committed = co_await engine_.commit(std::move(batch));
    if (!committed && committed.error().kind != ErrorKind::kConflict)
      co_return std::unexpected(committed.error());
  }
  co_return others_keep_writing();
}

net::Task<Result<void>> AccountState::load_all() {
  PABAL_CO_TRY(auto head, co_await load_log_head(engine_, partition_));
  for (int tries = 0; tries < kMaxTries; ++tries) {
    if (!head) {
      PABAL_CO_TRY(const WallTime begun, co_await load_beginning());
      change([&](AccountView& view) { view = first_view(begun); });
      loaded_ = true;
      co_return Result<void>();
    }
    PABAL_CO_TRY(std::vector<Folder> folders, co_await load_stored_folders(engine_, partition_));
    // Folders are of one moment with the counters only if nothing was written between the two.
    PABAL_CO_TRY(auto again, co_await load_log_head(engine_, partition_));
    const bool same = again && again->after == head->after;
    head = std::move(again);
    if (!same) continue;
    change([&](AccountView& view) {
      view.stored = true;
      view.counters = head->after;
      view.folders = FolderSet(std::move(folders));
      view.tables.clear();
    });
    loaded_ = true;
    co_return Result<void>();
  }
  co_return others_keep_writing();
}

net::Task<Result<bool>> AccountState::catch_up() {
  if (!loaded_) {
    PABAL_CO_TRY_VOID(co_await load_all());
    co_return true;
  }
  std::vector<LogRecord> records;
  FolderEdits folders;
  PABAL_CO_TRY(const bool whole, co_await read_on(records, folders));
  if (!whole || (!records.empty() && !view_.stored)) {
    PABAL_CO_TRY_VOID(co_await load_all());
    co_return true;
  }
  if (records.empty()) co_return false;

  std::vector<Table> tables;
  const ModSeq last = records.back().after.last_change;
  for (const Table& table : view_.tables) {
    const bool touched = std::ranges::any_of(
        records, [&](const LogRecord& record) { return touches(record, table->folder()); });
    if (!touched) continue;
    TableBuilder builder(*table);
    for (const LogRecord& record : records) builder.replay(record);
    tables.push_back(builder.freeze(last));
  }
  change([&](AccountView& view) {
    view.counters = records.back().after;
    view.folders.add(folders);
    for (Table& table : tables) put_table(view.tables, std::move(table));
    drop_tables_of_gone(folders, view.tables);
  });
  co_return true;
}

// The log behind what is known, and the folders as they stand after its last record. false: there is too
// much, or the oldest of it is gone.
net::Task<Result<bool>> AccountState::read_on(std::vector<LogRecord>& records, FolderEdits& folders) {
  ModSeq known = view_.counters.last_change;
  for (int tries = 0; tries < kMaxTries; ++tries) {
    const auto keep = [&](const LogRecord& record) {
      records.push_back(record);
      return records.size() <= kMaxReplayed;
    };
    const auto span = co_await scan_log(engine_, partition_, known, keep);
    if (!span && span.error().kind == ErrorKind::kConflict) co_return false;
    if (!span) co_return std::unexpected(span.error());
    if (!span->follows(known) || records.size() > kMaxReplayed) co_return false;
    if (records.empty()) co_return true;
    known = records.back().after.last_change;
    ModSeq newest;
    PABAL_CO_TRY_VOID(co_await read_folders(records, folders, newest));
    if (newest <= known) co_return true;
  }
  co_return others_keep_writing();
}

net::Task<Result<void>> AccountState::read_folders(const std::vector<LogRecord>& records,
                                                   FolderEdits& folders, ModSeq& newest) {
  std::set<FolderId> touched;
  for (const LogRecord& record : records) {
    for (const Operation& operation : record.operations) touched.insert(folder_of(operation));
  }
  std::vector<std::string> keys;
  for (const FolderId id : touched) keys.push_back(folder_key(id));
  PABAL_CO_TRY(const auto values, co_await engine_.get(partition_, keys));
  std::size_t at = 0;
  for (const FolderId id : touched) {
    const auto& value = values[at++];
    if (!value) {
      folders.erase(id);
      continue;
    }
    auto folder = decode_folder(value->bytes);
    if (!folder) co_return fail(ErrorKind::kCorrupt, "a folder of {} can't be read", partition_);
    newest = std::max(newest, folder->mod_seq);
    folders.put(*std::move(folder));
  }
  co_return Result<void>();
}

net::Task<Result<void>> AccountState::load_table(FolderId folder) {
  const Folder* const known = view_.folders.find(folder);
  if (!known || view_.find_table(folder)) co_return Result<void>();
  Table table;
  if (!view_.stored) {
    table = std::make_shared<const FolderTable>(folder, view_.counters.last_change);
  } else {
    PABAL_CO_TRY(table, co_await mailbox::load_table(engine_, partition_, folder));
    // The table is of the log's end, which may be further than we are; and then we may be further than it.
    while (table->mod_seq() != view_.counters.last_change) {
      PABAL_CO_TRY(const bool moved, co_await catch_up());
      std::ignore = moved;
      if (table->mod_seq() >= view_.counters.last_change) break;
      TableBuilder builder(*table);
      PABAL_CO_TRY_VOID(
          co_await scan_log(engine_, partition_, table->mod_seq(), [&](const LogRecord& record) {
            const bool known = record.after.last_change <= view_.counters.last_change;
            if (known) builder.replay(record);
            return known;
          }));
      table = builder.freeze(view_.counters.last_change);
    }
    if (!view_.folders.find(folder)) co_return Result<void>();
  }
  change([&](AccountView& view) { put_table(view.tables, std::move(table)); });
  co_return Result<void>();
}

void AccountState::publish(Draft& draft) {
  std::vector<Table> tables = draft.take_tables();
  change([&](AccountView& view) {
    view.stored = true;
    view.counters = draft.counters();
    view.folders.add(draft.folders());
    for (Table& table : tables) put_table(view.tables, std::move(table));
    drop_tables_of_gone(draft.folders(), view.tables);
  });
}

}  // namespace pabal::mailbox
