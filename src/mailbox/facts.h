// What is kept of each letter so that nobody reads it again for a list: message::encode_facts, under
// `facts/<LetterId>`, written with the letter or when somebody first asks.
//
// A letter is a preamble and a blob, and every recipient's preamble is another one; the facts are made once,
// while the blob streams in, so they may cover the letter's last bytes alone: structure.size tells how many.
// All before them is trace, which belongs to the root's header. So with
//
//     shift = size of the letter - structure.size
//
// every offset of the structure moves by `shift`, but for the root's header, which begins at 0. Facts of a
// whole letter have shift 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mailbox/facts_block.h"
#include "mailbox/ids.h"
#include "mailbox/records.h"
#include "message/letter.h"
#include "store/engine.h"

namespace pabal::mailbox {

/// The stored form; empty for facts that are more than the store's values hold (a letter of thousands of
/// parts): those are made anew each time that somebody asks.
std::string storable_facts(const message::LetterFacts& facts);

/// Moves the offsets of `facts` to those of a letter of `letter_bytes`; its structure.size becomes that.
void shift_facts(message::LetterFacts& facts, std::uint64_t letter_bytes);

/// Which columns are asked for.
struct FactsWanted {
  bool envelopes = true;
  bool structures = true;
  bool previews = true;

  bool has(FactsColumn column) const {
    switch (column) {
      case FactsColumn::kEnvelopes:
        return envelopes;
      case FactsColumn::kStructures:
        return structures;
      case FactsColumn::kPreviews:
        return previews;
    }
    return false;
  }
};

/// Facts of some letters: at least what was asked for. Views live as long as the page.
class FactsPage {
 public:
  std::size_t size() const { return views_.size(); }
  /// For the letter that was asked for at this place; empty when there is no such letter any more.
  const message::FactsView& operator[](std::size_t index) const { return views_[index]; }

 private:
  friend class LetterStore;
  // Views are of bytes that must not move any more.
  std::string_view keep(std::string bytes) {
    return *kept_.emplace_back(std::make_unique<const std::string>(std::move(bytes)));
  }
  const store::ScanPage& keep(store::ScanPage page) {
    return *scanned_.emplace_back(std::make_unique<const store::ScanPage>(std::move(page)));
  }

  std::vector<message::FactsView> views_;
  std::vector<std::unique_ptr<const store::ScanPage>> scanned_;
  std::vector<std::unique_ptr<const std::string>> kept_;
};

}  // namespace pabal::mailbox
