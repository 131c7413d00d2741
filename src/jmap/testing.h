// For tests: an account in memory, asked by JMAP.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/random.h"
#include "jmap/api.h"
#include "mailbox/mailbox_testing.h"
#include "mailbox/search_sources.h"

namespace pabal::jmap {

/// As SearchSources, with threads that a test makes up.
class NotesWithThreads final : public mailbox::search::LetterNotes {
 public:
  explicit NotesWithThreads(mailbox::SearchSources& sources) : sources_(sources) {}
  net::Task<Result<std::vector<message::Envelope>>> load_envelopes(
      account::AccountId account, std::span<const mailbox::LetterId> letters) override {
    return sources_.load_envelopes(account, letters);
  }
  net::Task<Result<std::vector<mailbox::LetterId>>> load_threads(
      account::AccountId, std::span<const mailbox::LetterId> letters) override {
    std::vector<mailbox::LetterId> out;
    for (const mailbox::LetterId id : letters) {
      const auto found = threads.find(id.value());
      out.push_back(found != threads.end() ? mailbox::LetterId(found->second) : id);
    }
    co_return out;
  }

  std::map<std::uint64_t, std::uint64_t> threads;

 private:
  mailbox::SearchSources& sources_;
};

/// Keeps what it is given.
class FakeQueue final : public queue::Intake, public queue::QueueAdmin {
 public:
  net::Task<Result<queue::Added>> add(queue::Submission submission) override {
    added.push_back(std::move(submission));
    co_return queue::Added{};
  }
  net::Task<Result<void>> list(queue::QueueFilter, queue::QueueItemSink&) override {
    co_return Result<void>();
  }
  net::Task<Result<std::vector<queue::DomainStatistics>>> statistics() override {
    co_return std::vector<queue::DomainStatistics>();
  }
  net::Task<Result<queue::QueueChanged>> change(queue::QueueFilter filter, queue::QueueChange,
                                                std::string) override {
    deleted.push_back(filter.id->to_string());
    co_return queue::QueueChanged{.changed = 1};
  }
  net::Task<Result<void>> suspend(account::DomainName, std::string) override { co_return Result<void>(); }
  net::Task<Result<void>> resume(account::DomainName) override { co_return Result<void>(); }

  std::vector<queue::Submission> added;
  std::vector<std::string> deleted;
};

class JmapTest : public mailbox::MailboxFixture {
 protected:
  JmapTest() {
    // Bob's id is the mailbox fixture's.
    EXPECT_TRUE(run(directory_.add_domain(*account::DomainName::parse("hamburger.edu"))));
    for (std::uint64_t id = 1; id < kBob.value(); ++id) add_account(fmt::format("u{}@hamburger.edu", id));
    EXPECT_EQ(add_account("bob@hamburger.edu"), kBob);
  }
  account::AccountId add_account(std::string_view login) {
    return must(directory_.add_account({.login = *account::Address::parse(login)})).id;
  }

  /// The response to a whole request.
  Json request(std::string_view body) {
    const ApiAnswer answer = run(api_.handle({kBob, "bob@hamburger.edu"}, body));
    status_ = answer.status;
    auto json = Json::parse(answer.body, {.max_depth = 128, .unique_names = true});
    EXPECT_TRUE(json) << answer.body;
    return json ? *std::move(json) : Json();
  }
  /// The responses to some calls: a list of [name, arguments, id].
  Json calls(std::string_view list) {
    const Json json = request(fmt::format(
        R"({{"using":["urn:ietf:params:jmap:core","urn:ietf:params:jmap:mail","urn:ietf:params:jmap:blob",
                      "urn:ietf:params:jmap:quota","urn:ietf:params:jmap:submission",
                      "urn:ietf:params:jmap:vacationresponse"],"methodCalls":{}}})",
        list));
    const Json* responses = json.find("methodResponses");
    EXPECT_NE(responses, nullptr) << json.to_text();
    return responses != nullptr ? *responses : Json::array();
  }
  /// One call about Bob's account: `arguments` without the accountId.
  Json call(std::string_view method, std::string_view arguments = "{}") {
    const std::string_view rest = arguments.substr(1);
    const Json responses =
        calls(fmt::format(R"([["{}",{{"accountId":"A7"{}{},"c"]])", method, rest == "}" ? "" : ",", rest));
    EXPECT_FALSE(responses.as_array()->empty());
    return (*(*responses.as_array())[0].as_array())[1];
  }
  /// A member that may be deep: "list/0/name".
  static std::string at(const Json& json, std::string_view path) {
    const Json* here = &json;
    while (!path.empty() && here != nullptr) {
      const std::string_view name = path.substr(0, path.find('/'));
      path.remove_prefix(std::min(path.size(), name.size() + 1));
      if (const Json::Array* items = here->as_array()) {
        const auto index = static_cast<std::size_t>(std::stoul(std::string(name)));
        here = index < items->size() ? &(*items)[index] : nullptr;
      } else {
        here = here->find(name);
      }
    }
    if (here == nullptr) return "(nothing)";
    return here->as_text() != nullptr ? *here->as_text() : here->to_text();
  }
  std::string ask(std::string_view method, std::string_view arguments, std::string_view path = {}) {
    return at(call(method, arguments), path);
  }
  std::string state() { return ask("Mailbox/get", R"({"ids":[]})", "state"); }

  int status_ = 0;
  SeededRandom random_{1};
  net::WorkerPool pool_{{.name = "test", .threads = 1, .max_queued = 100}};
  account::Directory directory_{*engine_, loop_.clock()};
  mailbox::SearchSources sources_{*mailboxes_, pool_, 1 << 20};
  NotesWithThreads notes_{sources_};
  mailbox::search::Evaluator evaluator_{*engine_, sources_, sources_, pool_};
  FakeQueue queue_;
  delivery::Router router_{directory_, *mailboxes_, {.host_name = "mail.hamburger.edu"}};
  delivery::Door delivery_{{.engine = *engine_,
                            .journal = journal_,
                            .mailboxes = *mailboxes_,
                            .router = router_,
                            .queue = queue_,
                            .clock = loop_.clock(),
                            .random = random_},
                           {.host_name = "mail.hamburger.edu"}};
  Api api_{{.engine = *engine_,
            .mailboxes = *mailboxes_,
            .evaluator = evaluator_,
            .notes = notes_,
            .workers = pool_,
            .journal = journal_,
            .directory = directory_,
            .clock = loop_.clock(),
            .random = random_,
            .log = {},
            .host_name = "mail.hamburger.edu",
            .router = &router_,
            .door = &delivery_,
            .queue = &queue_}};
};

}  // namespace pabal::jmap
