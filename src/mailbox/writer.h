// The one who writes an account's log on this node. Whoever wants something of the account brings an errand;
// who comes first holds the pen, and does its own and all that came meanwhile in one commit.
//
// Any loop's thread.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "journey/journal.h"
#include "mailbox/account_state.h"
#include "mailbox/draft.h"
#include "mailbox/thread_ids.h"
#include "net/handoff.h"
#include "net/task.h"
#include "store/engine.h"

namespace pabal::mailbox {

/// Lives in the frame of whoever brings it.
class Errand {
 public:
  virtual ~Errand() = default;

  /// The folder whose table must be in memory.
  virtual std::optional<FolderId> table() const = 0;
  /// What other nodes have written must be known first.
  virtual bool wants_news() const { return false; }
  /// It means to change something, so that doing nothing is right only if all that others wrote is known.
  virtual bool is_change() const { return true; }
  /// Does it, and keeps the outcome; again when the draft before could not be stored. false: there is no room
  /// in this commit, and nothing was done.
  virtual bool attempt(Draft& draft) = 0;
  virtual void fail(const Error& error) = 0;
  virtual bool failed() const = 0;
  /// The letters that it brings.
  virtual std::span<Arrival> arrivals() { return {}; }
  /// What it tells of letters that are here.
  virtual std::span<journey::Entry> entries() { return {}; }
  /// The letter was here already.
  virtual void settle_known() {}

 private:
  friend class Writer;
  net::Handoff<bool> told_;  ///< true: it is done; false: the pen is yours
};

/// A letter under its id: the record, its facts, its blob, and what is told of it.
void put_letter(store::Batch& batch, LetterId id, const Arrival& arrival, journey::Journal& journal);

/// What is to be known of it to find its thread.
ThreadIds::Newcomer newcomer_of(LetterId id, const Arrival& arrival);

/// What a commit did that background work may follow from.
struct Written {
  std::size_t bytes = 0;  ///< of the log
  bool rows_came = false;
  bool rows_left = false;
};

class Writer {
 public:
  using OnWritten = std::function<void(const Written&)>;

  /// All of it outlives the writer.
  Writer(store::Engine& engine, journey::Journal& journal, const Clock& clock, store::PartitionId partition,
         OnWritten on_written);

  /// Returns when the errand is done, whatever comes of it. What has begun is not cancelled.
  net::Task<void> run(Errand& errand);

  const AccountState& state() const { return state_; }
  AccountState& state() { return state_; }

 private:
  using Group = std::vector<Errand*>;

  Group take_group();
  void put_back(const Group& later);
  void pass_on_the_pen();

  net::Task<void> write(Group group);
  net::Task<void> prepare(Group& group);
  net::Task<void> settle(Group& group, Group& later);
  net::Task<Result<bool>> look_for_news(Group& group);
  /// Whether to try again, with the group as it is then.
  net::Task<Result<bool>> recover(const Error& error, Group& group, Group& later);
  /// Whether a reason was found that is gone now.
  net::Task<Result<bool>> explain_conflict(Group& group);
  net::Task<Result<void>> commit(Draft& draft);
  store::Batch batch_of(const Draft& draft) const;

  store::Engine& engine_;
  journey::Journal& journal_;
  const Clock& clock_;
  const OnWritten on_written_;

  std::mutex mutex_;
  bool writing_ = false;
  std::vector<Errand*> waiting_;

  // Of the pen's holder.
  AccountState state_;
  int conflicts_ = 0;
};

}  // namespace pabal::mailbox
