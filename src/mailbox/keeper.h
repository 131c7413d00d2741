// Looks after accounts in the background: one at a time, those that were changed, each when it is due. What
// has to be done later than a process may live (letters wait for a grace) is noted in the store, so that the
// next one finds it:
//
//     partition `upkeep`:  due/<AccountId>   when to look at the account, microseconds
//
// note() from any thread; all else on one loop.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "account/ids.h"
#include "base/clock.h"
#include "mailbox/upkeep.h"
#include "mailbox/writer.h"
#include "net/task.h"
#include "store/engine.h"

namespace pabal::mailbox {

struct KeeperOptions {
  UpkeepOptions upkeep = {};
  /// Changes, or bytes of them, that a folder's opening has to replay at most, more or less.
  std::uint64_t checkpoint_changes = 1000;
  std::size_t checkpoint_bytes = 512 * 1024;
  /// How often it looks up.
  std::chrono::seconds pause{10};
};

class Keeper {
 public:
  /// What this node has in memory of an account.
  using Known = std::function<InMemory(account::AccountId)>;

  /// All of it outlives the keeper.
  Keeper(store::Engine& engine, const Clock& clock, KeeperOptions options, Known known);

  /// Something was stored. Cheap.
  void note(account::AccountId account, const Written& written);

  /// Until cancelled. What fails is tried again later.
  net::Task<void> run();

  /// One round, without waiting: all that is due now. For tests.
  net::Task<void> look_up();

 private:
  struct Note {
    std::uint64_t changes = 0;
    std::size_t bytes = 0;
    bool rows_left = false;
  };
  using Notes = std::unordered_map<account::AccountId, Note>;

  net::Task<Result<void>> load_due();
  net::Task<Result<void>> save_due(const std::map<account::AccountId, WallTime>& fresh);
  net::Task<void> tend_changed(const Notes& notes);
  net::Task<void> tend_due();
  net::Task<Result<void>> checkpoint(account::AccountId account);
  net::Task<Result<void>> sweep(account::AccountId account);
  Upkeep upkeep_of(account::AccountId account);

  store::Engine& engine_;
  const Clock& clock_;
  const KeeperOptions options_;
  const Known known_;

  std::mutex mutex_;
  Notes notes_;

  // Of the loop.
  bool loaded_ = false;
  std::map<account::AccountId, WallTime> due_;
  Notes since_checkpoint_;  // of accounts whose stored changes were counted once
};

}  // namespace pabal::mailbox
