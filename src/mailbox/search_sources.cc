#include "mailbox/search_sources.h"

namespace pabal::mailbox {

net::Task<Result<std::vector<search::ListedLetter>>> SearchSources::list(account::AccountId account,
                                                                         LetterId after, std::size_t limit) {
  PABAL_CO_TRY(const LetterPage page, co_await mailboxes_.list(account, after, limit));
  std::vector<search::ListedLetter> out;
  out.reserve(page.items.size());
  for (const auto& item : page.items) out.push_back({item.id, item.record.size_bytes()});
  co_return out;
}

net::Task<Result<std::string>> SearchSources::read(account::AccountId account, LetterId letter,
                                                   std::uint64_t offset, std::size_t size) {
  PABAL_CO_TRY(auto record, co_await mailboxes_.find(account, letter));
  if (!record) co_return std::string();
  co_return co_await mailboxes_.read(*std::move(record), offset, size);
}

net::Task<Result<std::vector<std::string>>> SearchSources::read_all(account::AccountId account,
                                                                    std::span<const LetterId> letters,
                                                                    std::size_t size) {
  PABAL_CO_TRY(auto records,
               co_await mailboxes_.find_all(account, std::vector<LetterId>(letters.begin(), letters.end())));
  std::vector<std::string> out(records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (!records[i]) continue;
    PABAL_CO_TRY(out[i], co_await mailboxes_.read(*std::move(records[i]), 0, size));
  }
  co_return std::move(out);
}

net::Task<Result<std::vector<message::Envelope>>> SearchSources::load_envelopes(
    account::AccountId account, std::span<const LetterId> letters) {
  PABAL_CO_TRY(const FactsPage facts, co_await mailboxes_.load_facts(
                                          account, std::vector<LetterId>(letters.begin(), letters.end())));
  std::vector<message::Envelope> out;
  out.reserve(letters.size());
  for (std::size_t i = 0; i < letters.size(); ++i) {
    message::Envelope& envelope = out.emplace_back();
    if (facts[i].empty()) continue;
    PABAL_CO_TRY(envelope, message::decode_facts_envelope(facts[i]));
  }
  co_return out;
}

net::Task<Result<std::vector<LetterId>>> SearchSources::load_threads(account::AccountId account,
                                                                     std::span<const LetterId> letters) {
  return mailboxes_.load_threads(account, {letters.begin(), letters.end()});
}

}  // namespace pabal::mailbox
