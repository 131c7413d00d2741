// Any bytes as a JMAP request of somebody with some letters: what comes back is JSON, and each call has its
// answer or its error.
#include <cstdlib>

#include "base/check.h"
#include "base/json.h"
#include "jmap/api.h"
#include "mailbox/search_sources.h"
#include "net/testing.h"
#include "store/memory.h"

namespace {

using namespace pabal;

class QuietJournal final : public journey::Journal {
 public:
  journey::JourneyId new_id() override { return journey::JourneyId(++last_); }
  void write(store::Batch&, const journey::Entry&) override {}
  void committed(const store::PartitionId&, journey::Entry) override {}
  void overheard(journey::JourneyId, journey::WireLine::From, std::string_view) override {}

 private:
  std::uint64_t last_ = 0;
};

constexpr account::AccountId kBob{7};

class Account {
 public:
  Account() {
    const auto stored = loop_.run_until_done(store(
        "From: a@x.org\r\nSubject: one\r\n\r\nkimchi\r\n",
        "From: b@x.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\nContent-Type: "
        "message/rfc822\r\n\r\nSubject: in\r\n\r\ny\r\n--b--\r\n"));
    PABAL_CHECK(stored);
  }
  std::string ask(std::string_view body) {
    return loop_.run_until_done(api_.handle({kBob, "bob@x.org"}, body)).body;
  }

 private:
  net::Task<Result<void>> store(std::string first, std::string second) {
    mailbox::AppendAll all;
    for (const std::string& text : {first, second}) {
      const auto writer = engine_->new_blob();
      PABAL_CO_TRY_VOID(co_await writer->write(text));
      PABAL_CO_TRY(store::StagedBlob staged, co_await writer->finish());
      mailbox::Arrival& arrival = all.letters.emplace_back();
      arrival.letter.blob = staged.id;
      arrival.letter.blob_bytes = staged.size_bytes;
      arrival.entry.id = arrival.letter.journey = journal_.new_id();
      arrival.blob = std::move(staged);
    }
    PABAL_CO_TRY_VOID(co_await mailboxes_.change(kBob, std::move(all)));
    co_return Result<void>();
  }

  net::SimulatedLoop loop_;
  QuietJournal journal_;
  std::unique_ptr<store::Engine> engine_ = store::make_memory_engine();
  mailbox::Mailboxes mailboxes_{*engine_, journal_, loop_.clock()};
  SeededRandom random_{1};
  net::WorkerPool pool_{{.name = "fuzz", .threads = 1, .max_queued = 100}};
  account::Directory directory_{*engine_, loop_.clock()};
  mailbox::SearchSources sources_{mailboxes_, pool_, 1 << 20};
  mailbox::search::Evaluator evaluator_{*engine_, sources_, sources_, pool_};
  jmap::Api api_{{.engine = *engine_,
                  .mailboxes = mailboxes_,
                  .evaluator = evaluator_,
                  .notes = sources_,
                  .workers = pool_,
                  .journal = journal_,
                  .directory = directory_,
                  .clock = loop_.clock(),
                  .random = random_,
                  .log = {}}};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Account account;
  const std::string answer = account.ask({reinterpret_cast<const char*>(data), size});
  if (!Json::parse(answer, {.max_depth = 300})) std::abort();
  return 0;
}
