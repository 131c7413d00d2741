// For tests: letters in memory, made of random words in several scripts, and an engine that dies.
#pragma once

#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "mailbox/search/indexer.h"
#include "store/engine.h"

namespace pabal::mailbox::search {

class MemoryLetters final : public LetterTexts {
 public:
  net::Task<Result<std::vector<ListedLetter>>> list(account::AccountId account, LetterId after,
                                                    std::size_t limit) override {
    if (asked.empty() || asked.back() != account) asked.push_back(account);
    std::vector<ListedLetter> found;
    for (auto at = letters.upper_bound(after); at != letters.end() && found.size() < limit; ++at) {
      found.push_back({at->first, at->second.size()});
    }
    co_return found;
  }
  net::Task<Result<std::string>> read(account::AccountId, LetterId letter, std::uint64_t offset,
                                      std::size_t size) override {
    ++reads;
    const auto found = letters.find(letter);
    if (found == letters.end() || offset >= found->second.size()) co_return std::string();
    co_return found->second.substr(offset, size);
  }

  void add(std::string text) { letters[LetterId(++last)] = std::move(text); }

  std::map<LetterId, std::string> letters;
  std::uint64_t last = 0;
  std::size_t reads = 0;
  std::vector<account::AccountId> asked;  ///< for whose letters, in this order; all have the same
};

/// Words of several scripts, some of which begin alike.
class RandomText {
 public:
  explicit RandomText(std::uint64_t seed) : engine_(seed) {}

  std::size_t below(std::size_t bound) { return engine_() % bound; }
  std::string word() {
    static constexpr std::string_view kWords[] = {
        "번역",       "번역을", "번역가의", "한국어",          "메일",        "メール",
        "日本語の文", "文章を", "検索",     "interval",        "Internal",    "station",
        "restart",    "café",   "CAFÉ",     "cafe\u0301",      "Привет",      "приветствие",
        "a",          "to",     "be",       "foo@example.org", "order-66127", "66128",
        "x",          "🎉",     "naïve"};
    std::string out(kWords[below(std::size(kWords))]);
    if (below(4) == 0) out += std::to_string(below(40));
    if (below(5) == 0) out += kWords[below(std::size(kWords))];
    return out;
  }
  std::string text(std::size_t words) {
    std::string out;
    for (std::size_t i = 0; i < words; ++i) {
      if (i > 0) out += below(9) == 0 ? "\r\n" : below(6) == 0 ? "" : " ";
      out += word();
    }
    return out;
  }
  std::string letter() {
    std::string out = "From: " + word() + " <u" + std::to_string(below(30)) +
                      "@example.org>\r\nSubject: " + text_line(3) + "\r\nX-Note: " + text_line(2) + "\r\n";
    if (below(3) > 0) {
      return out + "Content-Type: text/plain; charset=utf-8\r\n\r\n" + text(below(12)) + "\r\n";
    }
    return out +
           "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>" +
           text(below(6)) + "<b>" + word() + "</b></p>\r\n--b\r\nContent-Type: application/pdf; name=\"" +
           word() + ".pdf\"\r\n\r\nxx\r\n--b--\r\n";
  }
  /// Something that is likely to be somewhere: a piece of what letters are made of.
  std::string needle() {
    const std::string from = text(1 + below(3));
    std::size_t begin = below(from.size());
    while (begin > 0 && (static_cast<unsigned char>(from[begin]) & 0xC0) == 0x80) --begin;
    std::size_t end = std::min(from.size(), begin + 1 + below(12));
    while (end < from.size() && (static_cast<unsigned char>(from[end]) & 0xC0) == 0x80) ++end;
    return from.substr(begin, end - begin);
  }

 private:
  std::string text_line(std::size_t words) {
    std::string out;
    for (std::size_t i = 0; i < words; ++i) out += (i > 0 ? " " : "") + word();
    return out;
  }

  std::mt19937_64 engine_;
};

/// Lets so many commits pass, and is then as good as switched off.
class DyingEngine final : public store::Engine {
 public:
  DyingEngine(store::Engine& engine, std::size_t commits) : engine_(engine), left_(commits) {}
  bool dead() const { return left_ == 0; }

  net::Task<Result<std::vector<std::optional<store::Value>>>> get(
      const store::PartitionId& partition, std::span<const std::string> keys) override {
    return engine_.get(partition, keys);
  }
  net::Task<Result<store::ScanPage>> scan(const store::PartitionId& partition, const store::KeyRange& range,
                                          store::ScanLimits limits) override {
    return engine_.scan(partition, range, limits);
  }
  net::Task<Result<store::Version>> commit(store::Batch batch) override {
    if (left_ == 0) co_return fail(ErrorKind::kRetryLater, "switched off");
    --left_;
    co_return co_await engine_.commit(std::move(batch));
  }
  std::unique_ptr<store::Watch> watch(const store::PartitionId& partition) override {
    return engine_.watch(partition);
  }
  std::unique_ptr<store::BlobWriter> new_blob() override { return engine_.new_blob(); }
  net::Task<Result<std::optional<std::uint64_t>>> blob_size(store::BlobId blob) override {
    return engine_.blob_size(blob);
  }
  net::Task<Result<std::string>> read_blob(store::BlobId blob, std::uint64_t offset,
                                           std::size_t size) override {
    return engine_.read_blob(blob, offset, size);
  }
  net::Task<Result<store::SweepReport>> sweep() override { return engine_.sweep(); }

 private:
  store::Engine& engine_;
  std::size_t left_;
};

}  // namespace pabal::mailbox::search
