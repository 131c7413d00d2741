// The letters of all accounts, as the indexer and searches read them. Whoever keeps the letters implements
// these.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "account/ids.h"
#include "base/result.h"
#include "mailbox/ids.h"
#include "mailbox/search/field_column.h"
#include "message/envelope.h"
#include "net/task.h"

namespace pabal::mailbox::search {

struct ListedLetter {
  LetterId id;
  std::uint64_t size_bytes = 0;
};

class LetterTexts {
 public:
  virtual ~LetterTexts() = default;
  /// Those whose ids are above `after`, ascending, at most `limit`; those that are in no folder any more may
  /// be left out.
  virtual net::Task<Result<std::vector<ListedLetter>>> list(account::AccountId account, LetterId after,
                                                            std::size_t limit) = 0;
  /// Bytes [offset, offset + size), cut at the letter's end; nothing behind it, and of a letter that is gone.
  virtual net::Task<Result<std::string>> read(account::AccountId account, LetterId letter,
                                              std::uint64_t offset, std::size_t size) = 0;
  /// The first `size` bytes of each, in the order of the ids, which stay where they are until it returns.
  virtual net::Task<Result<std::vector<std::string>>> read_all(account::AccountId account,
                                                               std::span<const LetterId> letters,
                                                               std::size_t size) {
    std::vector<std::string> out;
    for (const LetterId letter : letters) {
      PABAL_CO_TRY(out.emplace_back(), co_await read(account, letter, 0, size));
    }
    co_return std::move(out);
  }
};

/// What was noted about letters when they came. The ids stay where they are until the call returns.
class LetterNotes {
 public:
  virtual ~LetterNotes() = default;
  /// One each, in the order of the ids; an empty one for a letter that is gone.
  virtual net::Task<Result<std::vector<message::Envelope>>> load_envelopes(
      account::AccountId account, std::span<const LetterId> letters) = 0;
  /// The thread that each is in.
  virtual net::Task<Result<std::vector<LetterId>>> load_threads(account::AccountId account,
                                                                std::span<const LetterId> letters) = 0;
  /// The field's texts of many letters, if they are kept in memory; null: they are not, or not yet.
  virtual std::shared_ptr<const FieldColumn> find_column(account::AccountId, std::string_view) {
    return nullptr;
  }
  /// The same once the texts of these letters, which are many, were read into it. Null where they are not
  /// kept.
  virtual net::Task<Result<std::shared_ptr<const FieldColumn>>> load_column(account::AccountId,
                                                                            std::string_view,
                                                                            std::span<const LetterId>) {
    co_return nullptr;
  }
};

}  // namespace pabal::mailbox::search
