#include "mailbox/mailboxes.h"

#include <algorithm>
#include <mutex>

#include "base/lru_map.h"
#include "mailbox/apply.h"
#include "mailbox/keeper.h"
#include "mailbox/log_scan.h"
#include "mailbox/writer.h"

namespace pabal::mailbox {

namespace {

// Accounts of which anything is remembered, however little it is.
constexpr std::size_t kMaxAccounts = 100'000;
// Letters of one batch, where they are too many for one.
constexpr std::size_t kBatchLetters = 500;
// How often letters of the same threads may come from elsewhere while those are stored.
constexpr int kMaxThreadTries = 16;

KeeperOptions keeper_options(const MailboxOptions& options) {
  return {
      .upkeep = {.keep_log = options.keep_log, .keep_changes = options.keep_changes, .grace = options.grace},
      .checkpoint_changes = options.checkpoint_changes};
}

std::unexpected<Error> no_such_folder() { return fail(ErrorKind::kRefuse, "there is no such folder"); }

}  // namespace

struct Mailboxes::Account {
  Account(store::Engine& engine, journey::Journal& journal, const Clock& clock, account::AccountId account,
          Writer::OnWritten on_written)
      : id(account), writer(engine, journal, clock, account::partition_of(account), std::move(on_written)) {}

  const account::AccountId id;
  Writer writer;
};

struct Mailboxes::Accounts {
  struct Entry {
    std::shared_ptr<Account> account;
    std::size_t counted_bytes = 0;
  };
  std::shared_ptr<Account> forget_oldest() {
    const account::AccountId id = *by_id.oldest_key();
    Entry& entry = *by_id.find(id);
    bytes -= entry.counted_bytes;
    std::shared_ptr<Account> account = std::move(entry.account);
    by_id.erase(id);
    return account;
  }

  std::mutex mutex;
  LruMap<account::AccountId, Entry> by_id{kMaxAccounts};
  std::size_t bytes = 0;
};

Mailboxes::Mailboxes(store::Engine& engine, journey::Journal& journal, const Clock& clock,
                     MailboxOptions options)
    : engine_(engine),
      journal_(journal),
      clock_(clock),
      options_(options),
      accounts_(std::make_unique<Accounts>()),
      facts_(std::make_unique<FactsCache>(options.cache_bytes / 2)),
      keeper_(std::make_unique<Keeper>(engine, clock, keeper_options(options), [this](account::AccountId id) {
        const auto account = account_of(id);
        const auto counters = account->writer.state().find_counters();
        return InMemory{
            .head = counters ? std::optional(counters->last_change) : std::nullopt,
            .find_table = [account](FolderId folder) { return account->writer.state().find_table(folder); }};
      })) {}

Mailboxes::~Mailboxes() = default;

// Held by whoever works with it, since the map may forget it meanwhile. Two writers of one account then meet
// in the store.
std::shared_ptr<Mailboxes::Account> Mailboxes::account_of(account::AccountId id) const {
  std::shared_ptr<Account> forgotten;  // freed when the mutex is not held any more
  const std::lock_guard lock(accounts_->mutex);
  if (auto* const known = accounts_->by_id.find(id)) return known->account;
  if (accounts_->by_id.size() == kMaxAccounts) forgotten = accounts_->forget_oldest();
  auto& entry = accounts_->by_id.find_or_add(id);
  entry.account =
      std::make_shared<Account>(engine_, journal_, clock_, id, [this, id](const Written& written) {
        keeper_->note(id, written);
        if (written.rows_came && on_letters_) on_letters_(id);
      });
  return entry.account;
}

// Forgets those that were used longest ago until the others fit. Who sits alone may have more.
void Mailboxes::count_memory(const Account& account) const {
  std::vector<std::shared_ptr<Account>> forgotten;  // freed when the mutex is not held any more
  const std::lock_guard lock(accounts_->mutex);
  auto* const entry = accounts_->by_id.find(account.id);
  if (!entry || entry->account.get() != &account) return;
  accounts_->bytes -= std::exchange(entry->counted_bytes, account.writer.state().memory_bytes());
  accounts_->bytes += entry->counted_bytes;
  while (accounts_->bytes + facts_->memory_bytes() > options_.cache_bytes && accounts_->by_id.size() > 1) {
    forgotten.push_back(accounts_->forget_oldest());
  }
}

/// A change, on its way through an account's writer.
template <class Change, class Reply>
class Mailboxes::Ask final : public Errand {
 public:
  explicit Ask(Change change) : change_(std::move(change)) {}

  std::optional<FolderId> table() const override { return table_of(change_); }
  bool attempt(Draft& draft) override {
    auto outcome = apply(draft, change_);
    if (!outcome) return false;
    outcome_ = *std::move(outcome);
    return true;
  }
  void fail(const Error& error) override { outcome_ = std::unexpected(error); }
  bool failed() const override { return !outcome_.has_value(); }
  std::span<Arrival> arrivals() override {
    if constexpr (std::is_same_v<Change, AppendAll>) return change_.letters;
    if constexpr (std::is_same_v<Change, Replace>) return std::span(&change_.arrival, 1);
    return {};
  }
  std::span<journey::Entry> entries() override {
    if constexpr (std::is_same_v<Change, Remove> || std::is_same_v<Change, Transfer>) return change_.entries;
    return {};
  }
  void settle_known() override {
    if constexpr (std::is_same_v<Reply, AppendedAll>) {
      outcome_ = AppendedAll{.placed = {{.letter = {}, .uid = {}, .known = true}}};
    }
  }

  Result<Reply> take() { return std::move(outcome_); }

 private:
  Change change_;
  Result<Reply> outcome_ = Reply();
};

/// Changes nothing: what is asked for is in memory then.
class Mailboxes::Load final : public Errand {
 public:
  Load(std::optional<FolderId> folder, bool news) : folder_(folder), news_(news) {}

  std::optional<FolderId> table() const override { return folder_; }
  bool wants_news() const override { return news_; }
  bool is_change() const override { return false; }
  bool attempt(Draft&) override { return true; }
  void fail(const Error& error) override { outcome_ = std::unexpected(error); }
  bool failed() const override { return !outcome_.has_value(); }

  Result<void> take() { return std::move(outcome_); }

 private:
  const std::optional<FolderId> folder_;
  const bool news_;
  Result<void> outcome_;
};

template <class Reply, class Change>
net::Task<Result<Reply>> Mailboxes::ask(account::AccountId id, Change change) {
  const auto account = account_of(id);
  Ask<Change, Reply> errand(std::move(change));
  co_await account->writer.run(errand);
  count_memory(*account);
  co_return errand.take();
}

net::Task<Result<std::shared_ptr<Mailboxes::Account>>> Mailboxes::load(account::AccountId id,
                                                                       std::optional<FolderId> folder,
                                                                       bool news) {
  auto account = account_of(id);
  Load errand(folder, news);
  co_await account->writer.run(errand);
  count_memory(*account);
  PABAL_CO_TRY_VOID(errand.take());
  co_return std::move(account);
}

net::Task<Result<Placed>> Mailboxes::append(account::AccountId account, Arrival arrival) {
  AppendAll one;
  one.letters.push_back(std::move(arrival));
  PABAL_CO_TRY(const AppendedAll placed, co_await ask<AppendedAll>(account, std::move(one)));
  co_return placed.placed.front();
}
net::Task<Result<AppendedAll>> Mailboxes::change(account::AccountId account, AppendAll change) {
  if (!fits_one_commit(change)) return append_many(account, std::move(change));
  return ask<AppendedAll>(account, std::move(change));
}

net::Task<Result<AppendedAll>> Mailboxes::append_many(account::AccountId account, AppendAll change) {
  const Arrival& one = change.letters.front();
  ReserveLetters ids{.folder = one.folder, .count = change.letters.size(), .bytes = 0, .quota = one.quota};
  PlaceReserved rows{.folder = one.folder, .first = {}, .until = {}, .quota = one.quota};
  for (Arrival& letter : change.letters) {
    ids.bytes += letter.letter.size_bytes();
    rows.letters.push_back({letter.letter.size_bytes(), letter.letter.received, std::move(letter.flags)});
  }
  PABAL_CO_TRY(const Reserved reserved, co_await ask<Reserved>(account, ids));
  PABAL_CO_TRY_VOID(co_await store_letters(account, change.letters, reserved.first));
  rows.first = reserved.first;
  rows.until = reserved.at + options_.grace / 2;
  PABAL_CO_TRY(AppendedAll placed, co_await ask<AppendedAll>(account, std::move(rows)));
  for (Arrival& letter : change.letters) {
    journal_.committed(account::partition_of(account), std::move(letter.entry));
  }
  co_return std::move(placed);
}

net::Task<Result<void>> Mailboxes::store_letters(account::AccountId account, std::span<Arrival> letters,
                                                 LetterId id) {
  while (!letters.empty()) {
    std::size_t count = 0;
    for (std::size_t bytes = 0; count < std::min(letters.size(), kBatchLetters); ++count) {
      bytes += batch_bytes(letters[count]);
      if (count > 0 && bytes > store::kMaxBatchBytes / 2) break;
    }
    PABAL_CO_TRY_VOID(co_await store_some(account, letters.first(count), id));
    for (Arrival& stored : letters.first(count)) {
      stored.blob.reset();
      stored.facts.clear();
    }
    letters = letters.subspan(count);
    id = LetterId(id.value() + count);
  }
  co_return Result<void>();
}

// Beside the writer, so that a letter which it stores may begin a thread at the same moment.
net::Task<Result<void>> Mailboxes::store_some(account::AccountId account, std::span<const Arrival> letters,
                                              LetterId first) {
  ThreadIds threads = threads_of(account);
  for (int tries = 1;; ++tries) {
    store::Batch batch(account::partition_of(account));
    std::vector<ThreadIds::Newcomer> newcomers;
    for (const Arrival& letter : letters) {
      const LetterId id(first.value() + newcomers.size());
      put_letter(batch, id, letter, journal_);
      newcomers.push_back(newcomer_of(id, letter));
    }
    PABAL_CO_TRY_VOID(co_await threads.settle(batch, std::move(newcomers), true));
    auto committed = co_await engine_.commit(std::move(batch));
    if (committed) co_return Result<void>();
    const bool again = committed.error().kind == ErrorKind::kConflict && tries < kMaxThreadTries;
    if (!again) co_return failure_of(std::move(committed));
  }
}

net::Task<Result<AppendedAll>> Mailboxes::change(account::AccountId account, Replace change) {
  return ask<AppendedAll>(account, std::move(change));
}
net::Task<Result<FlagsSet>> Mailboxes::change(account::AccountId account, SetFlags change) {
  return ask<FlagsSet>(account, std::move(change));
}
net::Task<Result<Removed>> Mailboxes::change(account::AccountId account, Remove change) {
  return ask<Removed>(account, std::move(change));
}
net::Task<Result<Transferred>> Mailboxes::change(account::AccountId account, Transfer change) {
  return ask<Transferred>(account, std::move(change));
}
net::Task<Result<FolderChanged>> Mailboxes::change(account::AccountId account, CreateFolder change) {
  return ask<FolderChanged>(account, std::move(change));
}
net::Task<Result<FolderChanged>> Mailboxes::change(account::AccountId account, RenameFolder change) {
  return ask<FolderChanged>(account, std::move(change));
}
net::Task<Result<FolderChanged>> Mailboxes::change(account::AccountId account, DeleteFolder change) {
  return ask<FolderChanged>(account, change);
}
net::Task<Result<FolderChanged>> Mailboxes::change(account::AccountId account, SetSubscribed change) {
  return ask<FolderChanged>(account, change);
}
net::Task<Result<FolderChanged>> Mailboxes::change(account::AccountId account, SetSpecialUse change) {
  return ask<FolderChanged>(account, change);
}
net::Task<Result<FolderChanged>> Mailboxes::change(account::AccountId account, SetAcl change) {
  return ask<FolderChanged>(account, change);
}

net::Task<Result<Folders>> Mailboxes::folders(account::AccountId account) {
  if (Folders folders = find_folders(account)) co_return std::move(folders);
  PABAL_CO_TRY(const auto loaded, co_await load(account, std::nullopt, false));
  co_return loaded->writer.state().find_folders();
}

net::Task<Result<Table>> Mailboxes::open(account::AccountId account, FolderId folder) {
  if (Table table = find_open(account, folder)) co_return std::move(table);
  PABAL_CO_TRY(const auto loaded, co_await load(account, folder, false));
  Table table = loaded->writer.state().find_table(folder);
  if (!table) co_return no_such_folder();
  co_return std::move(table);
}

Table Mailboxes::find_open(account::AccountId account, FolderId folder) const {
  return account_of(account)->writer.state().find_table(folder);
}

Folders Mailboxes::find_folders(account::AccountId account) const {
  return account_of(account)->writer.state().find_folders();
}

std::unique_ptr<store::Watch> Mailboxes::watch(account::AccountId account) {
  return engine_.watch(account::partition_of(account));
}

net::Task<Result<ModSeq>> Mailboxes::sync(account::AccountId id) {
  const auto account = account_of(id);
  if (const auto known = account->writer.state().find_counters()) {
    // Without the pen as long as there is nothing new, as nearly always. What our own writer has stored and
    // not yet published looks new as well, and is known when the pen comes to us.
    // Looked for in a range, since the very next change may be forgotten already.
    store::KeyRange range = store::KeyRange::with_prefix(kLogPrefix);
    range.start = log_key(ModSeq(known->last_change.value() + 1));
    PABAL_CO_TRY(const store::ScanPage news, co_await engine_.scan(account::partition_of(id), range,
                                                                   {.max_entries = 1, .keys_only = true}));
    if (news.empty()) co_return known->last_change;
  }
  PABAL_CO_TRY(const auto loaded, co_await load(id, std::nullopt, true));
  co_return loaded->writer.state().find_counters()->last_change;
}

net::Task<Result<Counters>> Mailboxes::load_counters(account::AccountId account) {
  if (const auto known = account_of(account)->writer.state().find_counters()) co_return *known;
  PABAL_CO_TRY(const auto loaded, co_await load(account, std::nullopt, false));
  co_return *loaded->writer.state().find_counters();
}

net::Task<Result<Vanished>> Mailboxes::vanished_since(account::AccountId account, FolderId folder,
                                                      ModSeq since) {
  PABAL_CO_TRY(const Table table, co_await open(account, folder));
  PABAL_CO_TRY(const auto history,
               co_await load_history(engine_, account::partition_of(account), folder, since));
  // What came and went meanwhile, nobody who asks has ever seen.
  if (history) co_return Vanished{.uids = history->left.subtract(history->came), .complete = true};
  PABAL_CO_TRY(const Folders folders, co_await this->folders(account));
  const Folder* const found = folders->find(folder);
  if (!found) co_return no_such_folder();
  Vanished all{.uids = {}, .complete = false};
  if (found->uid_next > Uid(1)) all.uids.add({Uid(1), Uid(found->uid_next.value() - 1)});
  all.uids = all.uids.subtract(table->uids());
  co_return all;
}

net::Task<Result<UidSet>> Mailboxes::uids_at(account::AccountId account, FolderId folder, ModSeq then) {
  PABAL_CO_TRY(const Table table, co_await open(account, folder));
  PABAL_CO_TRY(auto history, co_await load_history(engine_, account::partition_of(account), folder, then));
  if (!history) co_return fail(ErrorKind::kRefuse, "the log does not go back so far");
  // Whatever the table does not show yet is in the history, and the other way round.
  UidSet uids = table->uids();
  uids.add(history->left);
  co_return uids.subtract(history->came);
}

net::Task<void> Mailboxes::keep() { return keeper_->run(); }
net::Task<void> Mailboxes::keep_once() { return keeper_->look_up(); }

ThreadIds Mailboxes::threads_of(account::AccountId account) const {
  return {engine_, account::partition_of(account)};
}

net::Task<Result<std::vector<LetterId>>> Mailboxes::load_threads(account::AccountId account,
                                                                 std::vector<LetterId> letters) {
  ThreadIds threads = threads_of(account);
  co_return co_await threads.load(std::move(letters));
}

net::Task<Result<std::vector<LetterId>>> Mailboxes::load_thread_letters(account::AccountId account,
                                                                        LetterId thread) {
  ThreadIds threads = threads_of(account);
  co_return co_await threads.load_letters(thread);
}

LetterStore Mailboxes::letters_of(account::AccountId account) const {
  return LetterStore(engine_, *facts_, account);
}

net::Task<Result<LetterPage>> Mailboxes::list(account::AccountId account, LetterId after, std::size_t limit) {
  LetterStore letters = letters_of(account);
  co_return co_await letters.list(after, limit);
}

net::Task<Result<std::optional<LetterRecord>>> Mailboxes::find(account::AccountId account, LetterId letter) {
  PABAL_CO_TRY(auto found, co_await find_all(account, {letter}));
  co_return std::move(found.front());
}

net::Task<Result<std::vector<std::optional<LetterRecord>>>> Mailboxes::find_all(account::AccountId account,
                                                                                std::vector<LetterId> ids) {
  LetterStore letters = letters_of(account);
  co_return co_await letters.find_all(std::move(ids));
}

net::Task<Result<FactsPage>> Mailboxes::load_facts(account::AccountId account, std::vector<LetterId> ids,
                                                   FactsWanted columns) {
  LetterStore letters = letters_of(account);
  co_return co_await letters.load_facts(std::move(ids), columns);
}

net::Task<Result<std::string>> Mailboxes::read(LetterRecord letter, std::uint64_t offset, std::size_t size) {
  return read_letter_bytes(engine_, std::move(letter), offset, size);
}

}  // namespace pabal::mailbox
