// The mailboxes as searches and the indexer read them.
#pragma once

#include "mailbox/mailboxes.h"
#include "mailbox/search/letter_texts.h"

namespace pabal::mailbox {

class SearchSources final : public search::LetterTexts, public search::LetterNotes {
 public:
  /// The mailboxes outlive it.
  explicit SearchSources(Mailboxes& mailboxes) : mailboxes_(mailboxes) {}

  net::Task<Result<std::vector<search::ListedLetter>>> list(account::AccountId account, LetterId after,
                                                            std::size_t limit) override;
  net::Task<Result<std::string>> read(account::AccountId account, LetterId letter, std::uint64_t offset,
                                      std::size_t size) override;
  net::Task<Result<std::vector<std::string>>> read_all(account::AccountId account,
                                                       std::span<const LetterId> letters,
                                                       std::size_t size) override;
  net::Task<Result<std::vector<message::Envelope>>> load_envelopes(
      account::AccountId account, std::span<const LetterId> letters) override;
  net::Task<Result<std::vector<LetterId>>> load_threads(account::AccountId account,
                                                        std::span<const LetterId> letters) override;

 private:
  Mailboxes& mailboxes_;
};

}  // namespace pabal::mailbox
