// The mailboxes of all accounts: the one door to folders and letters for delivery, IMAP, POP3 and JMAP.
//
// Each account has one writer at a time on this node: whoever comes first writes for all who came meanwhile,
// in one commit, so that a busy mailbox costs one commit a group and not one a change. Two nodes meet in the
// store: a batch expects the account's next change to be not there yet.
//
// Reading: folders() and open() give what this node knows, from memory when it is there; sync() looks whether
// the log went on elsewhere. Lists and tables are immutable and shared; a session keeps the one that it told
// its client about, and compares.
//
// Any loop's thread may call. Calls wait for the store; a change returns when it is durable, and is in
// folders() and open() then.
// Failures, beside the store's own: those of change.h.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "account/ids.h"
#include "base/clock.h"
#include "base/result.h"
#include "journey/journal.h"
#include "mailbox/change.h"
#include "mailbox/facts.h"
#include "mailbox/folder.h"
#include "mailbox/folder_table.h"
#include "mailbox/ids.h"
#include "mailbox/letter_store.h"
#include "mailbox/records.h"
#include "mailbox/thread_ids.h"
#include "mailbox/uid_set.h"
#include "net/task.h"
#include "store/engine.h"

namespace pabal::mailbox {

struct MailboxOptions {
  /// What lists and tables may take in memory, and what lists show of letters: no more than half of it. Those
  /// that were used longest ago are forgotten for others.
  std::size_t cache_bytes = std::size_t{256} * 1024 * 1024;
  /// How long a client may stay away and still be told what exactly changed (RFC 7162), by time and by count;
  /// the longer of the two goes.
  std::chrono::seconds keep_log = std::chrono::days(30);
  std::uint64_t keep_changes = 10'000;
  /// How long a letter stays readable after it left its last folder: another session may still show it.
  std::chrono::seconds grace = std::chrono::minutes(10);
  /// So many changes are made into pages, more or less.
  std::uint64_t checkpoint_changes = 1000;
};

/// UIDs that left a folder (RFC 7162 §3.2.6).
struct Vanished {
  UidSet uids;
  /// false: the log does not go back so far; `uids` is all below UIDNEXT that are not there.
  bool complete = true;
};

class Keeper;

class Mailboxes {
 public:
  /// All of it outlives the mailboxes.
  Mailboxes(store::Engine& engine, journey::Journal& journal, const Clock& clock,
            MailboxOptions options = {});
  ~Mailboxes();

  /// One letter by delivery; a token that was here before makes it `known`.
  net::Task<Result<Placed>> append(account::AccountId account, Arrival arrival);

  net::Task<Result<AppendedAll>> change(account::AccountId account, AppendAll change);
  net::Task<Result<AppendedAll>> change(account::AccountId account, Replace change);
  net::Task<Result<FlagsSet>> change(account::AccountId account, SetFlags change);
  net::Task<Result<Removed>> change(account::AccountId account, Remove change);
  net::Task<Result<Transferred>> change(account::AccountId account, Transfer change);
  net::Task<Result<FolderChanged>> change(account::AccountId account, CreateFolder change);
  net::Task<Result<FolderChanged>> change(account::AccountId account, RenameFolder change);
  net::Task<Result<FolderChanged>> change(account::AccountId account, DeleteFolder change);
  net::Task<Result<FolderChanged>> change(account::AccountId account, SetSubscribed change);
  net::Task<Result<FolderChanged>> change(account::AccountId account, SetSpecialUse change);
  net::Task<Result<FolderChanged>> change(account::AccountId account, SetAcl change);

  /// All folders. INBOX is there from the beginning, also of an account that never got a letter.
  net::Task<Result<Folders>> folders(account::AccountId account);
  /// kRefuse: there is no such folder (any more).
  net::Task<Result<Table>> open(account::AccountId account, FolderId folder);
  /// What this node holds in memory already, without waiting; null if it does not. For sessions that look
  /// after each command.
  Table find_open(account::AccountId account, FolderId folder) const;
  Folders find_folders(account::AccountId account) const;

  net::Task<Result<Vanished>> vanished_since(account::AccountId account, FolderId folder, ModSeq since);
  /// The UIDs that the folder had at `then`: for a session that slept and kept only its place. kRefuse: the
  /// log does not go back so far.
  net::Task<Result<UidSet>> uids_at(account::AccountId account, FolderId folder, ModSeq then);

  /// Wakes when anything in the account's partition changed, here or on another node. Then sync().
  std::unique_ptr<store::Watch> watch(account::AccountId account);
  /// Where the account stands, after all that other nodes have written is known here. Cheap if that is
  /// nothing.
  net::Task<Result<ModSeq>> sync(account::AccountId account);

  /// What quotas count.
  net::Task<Result<Counters>> load_counters(account::AccountId account);

  net::Task<Result<LetterPage>> list(account::AccountId account, LetterId after, std::size_t limit);
  net::Task<Result<std::optional<LetterRecord>>> find(account::AccountId account, LetterId letter);
  /// One answer an id, in their order; read in one go.
  net::Task<Result<std::vector<std::optional<LetterRecord>>>> find_all(account::AccountId account,
                                                                       std::vector<LetterId> letters);
  /// Bytes [offset, offset + size) of the letter, cut at its end.
  net::Task<Result<std::string>> read(LetterRecord letter, std::uint64_t offset, std::size_t size);
  /// Facts of many letters in one go, from memory where they were asked for before; who names the columns
  /// reads no others. Missing ones are made from the letter.
  net::Task<Result<FactsPage>> load_facts(account::AccountId account, std::vector<LetterId> letters,
                                          FactsWanted columns = {});

  /// The thread of each letter (thread_ids.h), in their order: the letter that began it. Scans where ids lie
  /// side by side.
  net::Task<Result<std::vector<LetterId>>> load_threads(account::AccountId account,
                                                        std::vector<LetterId> letters);
  /// Those that are in a thread, ascending; some may be in no folder any more.
  net::Task<Result<std::vector<LetterId>>> load_thread_letters(account::AccountId account, LetterId thread);

  /// Whom to tell that letters came in, on the thread of whoever brought them: must be quick. Before anybody
  /// else calls.
  using OnLetters = std::function<void(account::AccountId)>;
  void set_on_letters(OnLetters on_letters) { on_letters_ = std::move(on_letters); }

  /// Background: stores pages, trims the log, drops the letters of removed rows after a grace. Runs until
  /// cancelled; spawn once a process.
  net::Task<void> keep();
  /// One round of that, without waiting for more. For tests and tools.
  net::Task<void> keep_once();

 private:
  struct Accounts;
  struct Account;
  class Load;
  template <class Change, class Reply>
  class Ask;

  std::shared_ptr<Account> account_of(account::AccountId account) const;
  void count_memory(const Account& account) const;
  template <class Reply, class Change>
  net::Task<Result<Reply>> ask(account::AccountId account, Change change);
  net::Task<Result<std::shared_ptr<Account>>> load(account::AccountId account, std::optional<FolderId> folder,
                                                   bool news);
  net::Task<Result<AppendedAll>> append_many(account::AccountId account, AppendAll change);
  net::Task<Result<void>> store_letters(account::AccountId account, std::span<Arrival> letters,
                                        LetterId first);
  net::Task<Result<void>> store_some(account::AccountId account, std::span<const Arrival> letters,
                                     LetterId first);
  LetterStore letters_of(account::AccountId account) const;
  ThreadIds threads_of(account::AccountId account) const;

  store::Engine& engine_;
  journey::Journal& journal_;
  const Clock& clock_;
  const MailboxOptions options_;
  const std::unique_ptr<Accounts> accounts_;
  const std::unique_ptr<FactsCache> facts_;
  const std::unique_ptr<Keeper> keeper_;
  OnLetters on_letters_;
};

}  // namespace pabal::mailbox
