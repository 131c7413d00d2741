// The bytes of a letter, wherever they lie: in the store, or in memory (one that is within another letter, or
// was uploaded). What is read again is not fetched again, if the letter is small.
//
// Belongs to one call. Reads wait for the store.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "jmap/detail/call.h"
#include "message/letter.h"

namespace pabal::jmap::detail {

class LetterBytes {
 public:
  LetterBytes(mailbox::Mailboxes& mailboxes, mailbox::LetterRecord record)
      : mailboxes_(&mailboxes), record_(std::move(record)), size_(record_->size_bytes()) {}
  explicit LetterBytes(std::string whole) : whole_(std::move(whole)), size_(whole_->size()) {}

  std::uint64_t size() const { return size_; }
  /// Bytes [offset, offset + size); kCorrupt if the letter is shorter.
  net::Task<Result<std::string>> read(std::uint64_t offset, std::uint64_t size);

 private:
  static constexpr std::uint64_t kSmall = 256 * 1024;

  mailbox::Mailboxes* mailboxes_ = nullptr;
  std::optional<mailbox::LetterRecord> record_;
  std::optional<std::string> whole_;
  std::uint64_t size_;
};

/// The content of a part without its transfer encoding; multiparts and letters within as they stand.
net::Task<Result<std::string>> read_part(LetterBytes& bytes, const message::Part& part);
/// How large it is. Waits for the store only where the encoding does not tell.
net::Task<Result<std::uint64_t>> measure_part(LetterBytes& bytes, const message::Part& part);

/// What a blob id names, in memory: at most max_size_upload. Nothing: there is none.
net::Task<Result<std::optional<std::string>>> load_blob(Call& call, BlobName name);
/// How large that is, read as little as possible.
net::Task<Result<std::optional<std::uint64_t>>> measure_blob(Call& call, BlobName name);

/// A letter's facts with their offsets moved to the whole letter; nothing if it is gone.
struct StoredLetter {
  mailbox::LetterRecord record;
  message::LetterFacts facts;
};
net::Task<Result<std::optional<StoredLetter>>> load_letter(Call& call, mailbox::LetterId letter);

}  // namespace pabal::jmap::detail
