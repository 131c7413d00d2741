// The letters of an account and what is kept of each: reading alone. Letters never change, so nothing here
// needs the account's writer.
//
// Any loop's thread; calls wait for the store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "account/ids.h"
#include "mailbox/facts.h"
#include "mailbox/facts_cache.h"
#include "mailbox/ids.h"
#include "mailbox/records.h"
#include "net/task.h"
#include "store/engine.h"

namespace pabal::mailbox {

/// One letter of a list.
struct LetterItem {
  LetterId id;
  LetterRecord record;
};
/// Letters of one account, in the order in which they came.
struct LetterPage {
  using Item = LetterItem;
  std::vector<Item> items;
  bool more = false;
};

class LetterStore {
 public:
  /// Engine and cache outlive it.
  LetterStore(store::Engine& engine, FactsCache& cache, account::AccountId account)
      : engine_(engine), cache_(cache), account_(account), partition_(account::partition_of(account)) {}

  net::Task<Result<LetterPage>> list(LetterId after, std::size_t limit);
  /// One answer an id, in their order.
  net::Task<Result<std::vector<std::optional<LetterRecord>>>> find_all(std::vector<LetterId> letters);
  /// Blocks of which many letters are asked for are kept in the cache.
  net::Task<Result<FactsPage>> load_facts(std::vector<LetterId> letters, FactsWanted columns = {});

 private:
  struct Wanted;

  std::vector<Wanted> show_cached(std::span<const Wanted> of_a_block, FactsWanted columns, FactsPage& page);
  net::Task<Result<void>> read_block(std::span<const Wanted> wanted, FactsWanted columns, FactsPage& page);
  net::Task<Result<void>> get_facts(const std::vector<Wanted>& wanted, FactsPage& page);
  net::Task<Result<void>> make_facts(const std::vector<Wanted>& missing, FactsPage& page);

  store::Engine& engine_;
  FactsCache& cache_;
  const account::AccountId account_;
  const store::PartitionId partition_;
};

/// Bytes [offset, offset + size) of the letter, cut at its end.
net::Task<Result<std::string>> read_letter_bytes(store::Engine& engine, LetterRecord letter,
                                                 std::uint64_t offset, std::size_t size);
/// Reads the letter piece by piece for its facts.
net::Task<Result<message::LetterFacts>> read_facts(store::Engine& engine, const LetterRecord& letter);

}  // namespace pabal::mailbox
