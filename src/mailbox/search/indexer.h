// Keeps the indexes of all accounts: in the background, one account at a time. A few letters more or less are
// left unindexed, because a search looks through them sooner than a merge pays for them; so nothing waits for
// the indexer, and a search is right however far behind it is. An account that is searched meanwhile goes
// before the others, and one with much to do lets others in between. A damaged index is made anew.
//
// Lives on one loop; letters are taken apart by workers.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "account/ids.h"
#include "base/log.h"
#include "base/result.h"
#include "mailbox/ids.h"
#include "mailbox/search/index_care.h"
#include "mailbox/search/index_writer.h"
#include "mailbox/search/letter_texts.h"
#include "net/loop.h"
#include "net/signal.h"
#include "net/task.h"
#include "net/worker_pool.h"
#include "store/engine.h"

namespace pabal::mailbox::search {

struct IndexerOptions {
  /// So many unindexed letters, or so many bytes of them, are worth a segment.
  std::size_t worth_letters = 64;
  std::uint64_t worth_bytes = 512 * 1024;
  /// How long letters gather after each look, so that a busy account is not looked at for each of them.
  std::chrono::milliseconds gather{1000};
  /// After a failure of the store.
  std::chrono::seconds retry_after{10};
  /// Does the work for accounts that are searched meanwhile; none: the same workers do.
  net::WorkerPool* urgent_workers = nullptr;
};

class Indexer final : public IndexCare {
 public:
  /// Accounts that wait. One that finds no room is indexed when its next letter comes.
  static constexpr std::size_t kMaxWaiting = 100'000;

  /// All of it outlives the indexer.
  Indexer(net::Loop& loop, store::Engine& engine, LetterTexts& texts, net::WorkerPool& workers,
          Logger log = {}, IndexerOptions options = {});

  /// The account has new letters. From any thread; never waits. The loop must still be there.
  void wake(account::AccountId account);
  void hurry(account::AccountId account) override;
  void rebuild(account::AccountId account) override;
  /// Accounts that wait, and the one that is worked on. From any thread.
  std::size_t behind() const;
  /// Works until it is cancelled.
  net::Task<void> run();
  /// One account, as far as it is worth it.
  net::Task<Result<void>> index(account::AccountId account);

 private:
  class Round;
  /// What waits to be done, and what is wanted of it.
  struct Waiting {
    std::deque<account::AccountId> accounts{};
    std::unordered_set<account::AccountId> known{};    ///< those among them
    std::unordered_set<account::AccountId> hurried{};  ///< they go first, and by the urgent workers
    std::unordered_set<account::AccountId> damaged{};
    bool working = false;
  };

  enum class Done : std::uint8_t { kAll, kSome, kStopped };

  /// Has the account wait, perhaps marked.
  void add(account::AccountId account, std::unordered_set<account::AccountId> Waiting::* marks = nullptr);
  net::Task<Result<account::AccountId>> take_next();
  net::Task<Result<void>> rest();
  net::Task<Done> do_next(account::AccountId account);
  net::Task<Result<Done>> index_some(account::AccountId account);
  bool others_wait(account::AccountId account) const;
  bool anybody_hurries() const;
  net::WorkerPool& workers_for(account::AccountId account) const;
  net::Task<Result<void>> load(account::AccountId account, IndexWriter& writer);
  net::Task<Result<void>> merge_all(account::AccountId account, IndexWriter& writer);
  net::Task<Result<void>> merge_next(account::AccountId account, IndexWriter& writer);

  net::Loop& loop_;
  store::Engine& engine_;
  LetterTexts& texts_;
  net::WorkerPool& workers_;
  Logger log_;
  const IndexerOptions options_;

  mutable std::mutex mutex_;
  Waiting waiting_;
  const std::shared_ptr<net::Signal> changed_ = std::make_shared<net::Signal>();
};

}  // namespace pabal::mailbox::search
