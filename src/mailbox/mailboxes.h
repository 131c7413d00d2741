// The mailboxes of all accounts: letters come in here, and are read from here.
//
// Each account has one writer at a time on this node: whoever comes first writes for all who came meanwhile,
// in one commit, so that a busy mailbox costs one commit a group and not one a letter. Two nodes meet in the
// store: a batch expects the account's next change to be not there yet.
//
// Any loop's thread may call. Calls wait for the store; append() returns when the letter is durable.
// Failures, beside the store's own: kOverLimit (the quota is full).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "account/ids.h"
#include "account/quota.h"
#include "base/clock.h"
#include "base/result.h"
#include "journey/journal.h"
#include "journey/resend_guard.h"
#include "mailbox/ids.h"
#include "mailbox/records.h"
#include "net/task.h"
#include "store/engine.h"

namespace pabal::mailbox {

/// A letter for one account.
struct Arrival {
  LetterRecord letter;
  std::optional<store::StagedBlob> blob = {};  ///< of the letter; nothing if it is stored already
  std::optional<journey::ResendToken> token = {};
  account::QuotaLimit quota = account::QuotaLimit::unlimited();
  journey::Entry entry = {};  ///< what is told of it; written with it
};

struct Placed {
  LetterId letter;
  Uid uid;
  bool known = false;  ///< it was here already: the same letter was sent again
};

/// Letters of one account, in the order in which they came.
struct LetterPage {
  struct Item {
    LetterId id;
    LetterRecord record;
  };
  std::vector<Item> items;
  bool more = false;
};

class Mailboxes {
 public:
  /// All of it outlives the mailboxes.
  Mailboxes(store::Engine& engine, journey::Journal& journal, const Clock& clock);
  ~Mailboxes();

  net::Task<Result<Placed>> append(account::AccountId account, Arrival arrival);

  net::Task<Result<Counters>> load_counters(account::AccountId account);
  net::Task<Result<LetterPage>> list(account::AccountId account, LetterId after, std::size_t limit);
  net::Task<Result<std::optional<LetterRecord>>> find(account::AccountId account, LetterId letter);
  /// Bytes [offset, offset + size) of the letter, cut at its end.
  net::Task<Result<std::string>> read(LetterRecord letter, std::uint64_t offset, std::size_t size);

 private:
  class Writer;
  std::shared_ptr<Writer> writer_of(account::AccountId account);

  store::Engine& engine_;
  journey::Journal& journal_;
  const Clock& clock_;
  struct Writers;
  const std::unique_ptr<Writers> writers_;
};

}  // namespace pabal::mailbox
