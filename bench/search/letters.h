// Letters to search in, of words whose frequencies are those of real text (Zipf), in a store of their own.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "mailbox/search/letter_texts.h"
#include "store/engine.h"

namespace pabal::bench {

enum class Script { kEnglish, kKorean, kJapanese };

class Writer {
 public:
  explicit Writer(Script script);
  /// About 4 KiB; with `word` somewhere in its text, if there is one.
  std::string letter(std::uint64_t number, std::string_view word = {});

 private:
  std::string make_word();
  const std::string& word();
  double fraction() { return static_cast<double>(random_() >> 11) * 0x1p-53; }

  Script script_;
  std::mt19937_64 random_{1};
  std::vector<std::string> words_;
};

/// Letters as blobs, and what was noted about them as values, as mailboxes keep them.
class StoredLetters final : public mailbox::search::LetterTexts, public mailbox::search::LetterNotes {
 public:
  explicit StoredLetters(store::Engine& engine) : engine_(engine) {}

  net::Task<Result<void>> fill(account::AccountId account, Writer& writer, std::uint64_t count,
                               std::uint64_t word_every, std::string word);

  net::Task<Result<std::vector<mailbox::search::ListedLetter>>> list(account::AccountId account,
                                                                     mailbox::LetterId after,
                                                                     std::size_t limit) override;
  net::Task<Result<std::string>> read(account::AccountId account, mailbox::LetterId letter,
                                      std::uint64_t offset, std::size_t size) override;
  net::Task<Result<std::vector<message::Envelope>>> load_envelopes(
      account::AccountId account, std::span<const mailbox::LetterId> letters) override;
  net::Task<Result<std::vector<mailbox::LetterId>>> load_threads(
      account::AccountId account, std::span<const mailbox::LetterId> letters) override;

  std::shared_ptr<const mailbox::search::FieldColumn> find_column(account::AccountId,
                                                                  std::string_view field) override {
    return column_ && column_->field() == field ? column_ : nullptr;
  }
  /// From now on the field is kept in memory; returns the bytes that it takes.
  net::Task<Result<std::size_t>> keep_column(account::AccountId account, std::string field);

  std::uint64_t text_bytes() const { return text_bytes_; }

 private:
  store::Engine& engine_;
  std::vector<std::pair<store::BlobId, std::uint32_t>> blobs_;  ///< by id, from 1
  std::shared_ptr<const mailbox::search::FieldColumn> column_;
  std::uint64_t text_bytes_ = 0;
};

/// bench/search/order.cc
void bench_order(std::size_t rows);

}  // namespace pabal::bench
