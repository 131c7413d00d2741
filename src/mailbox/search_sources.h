// The mailboxes as searches and the indexer read them.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>

#include "mailbox/mailboxes.h"
#include "mailbox/search/letter_texts.h"
#include "net/worker_pool.h"

namespace pabal::mailbox {

class SearchSources final : public search::LetterTexts, public search::LetterNotes {
 public:
  /// Mailboxes and workers outlive it. Fields that are kept between searches take so many bytes.
  SearchSources(Mailboxes& mailboxes, net::WorkerPool& workers, std::size_t max_column_bytes)
      : mailboxes_(mailboxes), workers_(workers), columns_(max_column_bytes) {}

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
  std::shared_ptr<const search::FieldColumn> find_column(account::AccountId account,
                                                         std::string_view field) override;
  net::Task<Result<std::shared_ptr<const search::FieldColumn>>> load_column(
      account::AccountId account, std::string_view field, std::span<const LetterId> letters) override;

 private:
  /// Those of all accounts, used last first. Any thread.
  class Columns {
   public:
    explicit Columns(std::size_t max_bytes) : max_bytes_(max_bytes) {}
    std::shared_ptr<const search::FieldColumn> find(account::AccountId account, std::string_view field);
    void put(account::AccountId account, std::shared_ptr<const search::FieldColumn> column);

   private:
    struct Kept {
      account::AccountId account;
      std::shared_ptr<const search::FieldColumn> column;
    };
    std::list<Kept>::iterator place_of(account::AccountId account, std::string_view field);

    const std::size_t max_bytes_;
    std::mutex mutex_;
    std::list<Kept> kept_;  // some dozen large things: looked through
    std::size_t bytes_ = 0;
  };

  Mailboxes& mailboxes_;
  net::WorkerPool& workers_;
  Columns columns_;
};

}  // namespace pabal::mailbox
