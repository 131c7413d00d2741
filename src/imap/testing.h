// A server of one domain in memory, for the tests of sessions: hamburger.edu, where bob@ lives with the
// password hungry, alice@ with pancake, and full@, whose quota is 2,000 bytes.
#pragma once

#include <memory>
#include <string>

#include "account/authenticator.h"
#include "account/plain_testing.h"
#include "imap/session.h"
#include "mailbox/search_sources.h"
#include "net/scope.h"
#include "net/testing.h"
#include "store/memory.h"

namespace pabal::imap {

class QuietJournal final : public journey::Journal {
 public:
  journey::JourneyId new_id() override { return journey::JourneyId(++last_); }
  void write(store::Batch&, const journey::Entry&) override {}
  void committed(const store::PartitionId&, journey::Entry) override {}
  void overheard(journey::JourneyId, journey::WireLine::From, std::string_view) override {}

 private:
  std::uint64_t last_ = 0;
};

class TestServer {
 public:
  TestServer() {
    const auto domain = *account::DomainName::parse("hamburger.edu");
    PABAL_CHECK(sim.run_until_done(directory.add_domain(domain)));
    add("bob@hamburger.edu", "hungry", {});
    add("alice@hamburger.edu", "pancake", {});
    add("full@hamburger.edu", "hungry", account::QuotaLimit::of_bytes(2000));
    options.host_name = "hamburger.edu";
  }

  net::Task<void> serve(std::unique_ptr<net::Connection> connection) {
    last_summary = co_await serve_imap(*connection, services, options);
  }

  net::SimulatedLoop sim;
  SeededRandom random{1};
  std::unique_ptr<store::Engine> engine = store::make_memory_engine();
  account::PlainHasher hasher;
  net::WorkerPool pool{{.name = "test", .threads = 1, .max_queued = 100}};
  account::Directory directory{*engine, sim.clock()};
  account::Credentials credentials{directory,   hasher, pool,
                                   sim.clock(), random, {.scram_iterations = 4096, .refuse_weak = false}};
  account::LoginThrottle throttle{sim.clock()};
  account::QuietObserver observer;
  account::Authenticator authenticator{directory, credentials, throttle, random, observer};
  QuietJournal journal;
  mailbox::Mailboxes mailboxes{*engine, journal, sim.clock()};
  mailbox::SearchSources sources{mailboxes, pool, 1 << 20};
  mailbox::search::Evaluator evaluator{*engine, sources, sources, pool};
  FolderKeyCache keys{1 << 20};
  account::Connections connections{3};
  ImapServices services{.authenticator = authenticator,
                        .directory = directory,
                        .mailboxes = mailboxes,
                        .engine = *engine,
                        .journal = journal,
                        .connections = connections,
                        .evaluator = &evaluator,
                        .keys = &keys,
                        .workers = &pool};
  ImapOptions options;
  SessionSummary last_summary;

 private:
  void add(std::string_view login, std::string_view password, std::optional<account::QuotaLimit> quota) {
    const auto account =
        sim.run_until_done(directory.add_account({.login = *account::Address::parse(login), .quota = quota}));
    PABAL_CHECK(account);
    PABAL_CHECK(sim.run_until_done(credentials.set_password(account->id, Secret(password))));
  }
};

}  // namespace pabal::imap
