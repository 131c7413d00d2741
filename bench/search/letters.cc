#include "letters.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "base/utf8.h"

namespace pabal::bench {
namespace {

constexpr std::size_t kWords = 30'000;
constexpr std::size_t kTextBytes = 3400;

std::string note_key(mailbox::LetterId letter) { return fmt::format("note/{:012}", letter.value()); }

}  // namespace

Writer::Writer(Script script) : script_(script) {
  for (std::size_t i = 0; i < kWords; ++i) words_.push_back(make_word());
}

std::string Writer::make_word() {
  static constexpr std::string_view kOnsets[] = {"",   "b",  "c",  "d",  "f",  "g",  "h",  "l",  "m",  "n",
                                                 "p",  "r",  "s",  "t",  "v",  "w",  "st", "tr", "pr", "ch",
                                                 "sh", "th", "cl", "gr", "pl", "sp", "qu", "j",  "k",  "br"};
  static constexpr std::string_view kRhymes[] = {
      "a",   "e",   "i",  "o",  "u",   "er", "in", "on", "an",  "en",  "al",   "ion", "ate", "ent", "ing",
      "ess", "ous", "ar", "or", "ist", "ea", "ou", "ay", "ive", "ant", "ment", "le",  "ity", "ed",  "es"};
  std::string out;
  const std::size_t syllables = 1 + random_() % 4;
  for (std::size_t i = 0; i < syllables; ++i) {
    const double u = fraction();
    switch (script_) {
      case Script::kEnglish:
        out += kOnsets[static_cast<std::size_t>(u * u * 30)];
        out += kRhymes[random_() % 30];
        break;
      case Script::kKorean:
        // Some hundreds of the syllables make up most of the text.
        append_utf8(out, static_cast<char32_t>(0xAC00 + static_cast<std::size_t>(u * u * 900) * 12));
        break;
      case Script::kJapanese:
        append_utf8(out, random_() % 2 == 0
                             ? static_cast<char32_t>(0x3042 + random_() % 80)
                             : static_cast<char32_t>(0x4E00 + static_cast<std::size_t>(u * u * 2000) * 7));
        break;
    }
  }
  return out;
}

const std::string& Writer::word() {
  return words_[static_cast<std::size_t>(std::pow(static_cast<double>(kWords), fraction())) - 1];
}

std::string Writer::letter(std::uint64_t number, std::string_view wanted) {
  const std::uint64_t sender = random_() % 2000;
  std::string out = fmt::format(
      "Return-Path: <person{0}@company{1}.example>\r\n"
      "Received: from mx{2}.company{1}.example (mx{2}.company{1}.example [192.0.2.{2}])\r\n\tby mail.hamburger.edu "
      "with ESMTPS id {3:016x}\r\n\tfor <bob@hamburger.edu>; Fri, 21 Nov 2025 09:55:06 -0600\r\n"
      "DKIM-Signature: v=1; a=rsa-sha256; d=company{1}.example; s=mail; b={3:x}{4:x}\r\n"
      "From: Person {0} <person{0}@company{1}.example>\r\nTo: Bob <bob@hamburger.edu>\r\n"
      "Subject: {5} {6} {7}\r\nDate: Fri, 21 Nov 2025 09:55:06 -0600\r\n"
      "Message-ID: <{4:016x}.{8}@company{1}.example>\r\nMIME-Version: 1.0\r\n"
      "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n",
      sender, sender % 300, random_() % 50, random_(), random_(), word(), word(), word(), number);
  const std::size_t end = out.size() + kTextBytes;
  const std::size_t middle = out.size() + kTextBytes / 2;
  std::size_t line = 0;
  while (out.size() < end) {
    if (!wanted.empty() && out.size() >= middle) {
      out.append(wanted).append(" ");
      wanted = {};
    }
    out += word();
    if (script_ != Script::kJapanese || random_() % 8 == 0) out += random_() % 12 == 0 ? ". " : " ";
    if (out.size() > line + 72) {
      out += "\r\n";
      line = out.size();
    }
  }
  return out + "\r\n";
}

net::Task<Result<void>> StoredLetters::fill(account::AccountId account, Writer& writer, std::uint64_t count,
                                            std::uint64_t word_every, std::string word) {
  const store::PartitionId partition = account::partition_of(account);
  for (std::uint64_t i = 0; i < count;) {
    store::Batch batch(partition);
    for (int in_batch = 0; in_batch < 200 && i < count; ++in_batch, ++i) {
      const bool has_word = word_every > 0 && i % word_every == word_every / 2;
      const std::string text = writer.letter(i, has_word ? std::string_view(word) : std::string_view());
      text_bytes_ += text.size();
      const auto blob = engine_.new_blob();
      PABAL_CO_TRY_VOID(co_await blob->write(text));
      PABAL_CO_TRY(store::StagedBlob staged, co_await blob->finish());
      blobs_.emplace_back(staged.id, static_cast<std::uint32_t>(text.size()));
      batch.hold(staged.id, note_key(mailbox::LetterId(i + 1)));
      batch.attach(std::move(staged));
      batch.put(note_key(mailbox::LetterId(i + 1)), message::encode_envelope(message::parse_envelope(text)));
    }
    PABAL_CO_TRY_VOID(co_await engine_.commit(std::move(batch)));
  }
  co_return Result<void>();
}

net::Task<Result<std::vector<mailbox::search::ListedLetter>>> StoredLetters::list(account::AccountId,
                                                                                  mailbox::LetterId after,
                                                                                  std::size_t limit) {
  std::vector<mailbox::search::ListedLetter> found;
  for (std::uint64_t id = after.value() + 1; id <= blobs_.size() && found.size() < limit; ++id) {
    found.push_back({mailbox::LetterId(id), blobs_[id - 1].second});
  }
  co_return found;
}

net::Task<Result<std::string>> StoredLetters::read(account::AccountId, mailbox::LetterId letter,
                                                   std::uint64_t offset, std::size_t size) {
  co_return co_await engine_.read_blob(blobs_.at(letter.value() - 1).first, offset, size);
}

net::Task<Result<std::vector<message::Envelope>>> StoredLetters::load_envelopes(
    account::AccountId account, std::span<const mailbox::LetterId> letters) {
  std::vector<std::string> keys;
  for (const mailbox::LetterId letter : letters) keys.push_back(note_key(letter));
  PABAL_CO_TRY(const auto values, co_await engine_.get(account::partition_of(account), keys));
  std::vector<message::Envelope> envelopes(letters.size());
  for (std::size_t i = 0; i < letters.size(); ++i) {
    if (!values[i]) continue;
    PABAL_CO_TRY(envelopes[i], message::decode_envelope(values[i]->bytes));
  }
  co_return envelopes;
}

net::Task<Result<std::vector<mailbox::LetterId>>> StoredLetters::load_threads(
    account::AccountId, std::span<const mailbox::LetterId> letters) {
  co_return std::vector<mailbox::LetterId>(letters.begin(), letters.end());
}

net::Task<Result<std::size_t>> StoredLetters::keep_column(account::AccountId account, std::string field) {
  auto column = std::make_shared<mailbox::search::FieldColumn>(std::move(field));
  for (std::uint64_t id = 1; id <= blobs_.size(); ++id) {
    const std::vector<mailbox::LetterId> letter = {mailbox::LetterId(id)};
    PABAL_CO_TRY(const auto envelopes, co_await load_envelopes(account, letter));
    column->add(letter[0], envelopes[0]);
  }
  column_ = column;
  co_return column->memory_bytes();
}

}  // namespace pabal::bench
