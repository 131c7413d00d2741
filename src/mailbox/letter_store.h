// The letters of an account and what is kept of each: reading alone. Letters never change, so nothing here
// needs the account's writer.
//
// Any loop's thread; calls wait for the store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mailbox/facts.h"
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
  /// The engine outlives it.
  LetterStore(store::Engine& engine, store::PartitionId partition)
      : engine_(engine), partition_(std::move(partition)) {}

  net::Task<Result<LetterPage>> list(LetterId after, std::size_t limit);
  /// One answer an id, in their order.
  net::Task<Result<std::vector<std::optional<LetterRecord>>>> find_all(std::vector<LetterId> letters);
  net::Task<Result<FactsPage>> load_facts(std::vector<LetterId> letters);

 private:
  struct Wanted;

  net::Task<Result<void>> scan_facts(const std::vector<Wanted>& wanted, std::size_t begin, std::size_t end,
                                     FactsPage& page);
  net::Task<Result<void>> get_facts(const std::vector<Wanted>& wanted, FactsPage& page);
  net::Task<Result<void>> make_facts(const std::vector<Wanted>& missing, FactsPage& page);

  store::Engine& engine_;
  const store::PartitionId partition_;
};

/// Bytes [offset, offset + size) of the letter, cut at its end.
net::Task<Result<std::string>> read_letter_bytes(store::Engine& engine, LetterRecord letter,
                                                 std::uint64_t offset, std::size_t size);
/// Reads the letter piece by piece for its facts.
net::Task<Result<message::LetterFacts>> read_facts(store::Engine& engine, const LetterRecord& letter);

}  // namespace pabal::mailbox
