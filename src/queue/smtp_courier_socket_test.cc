// The courier over real sockets on loopback; what needs patience is in smtp_courier_test.cc.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "net/dns_static.h"
#include "net/listener.h"
#include "queue/scripted_peer.h"
#include "queue/smtp_courier.h"
#include "queue/written_letter.h"
#include "store/memory.h"

namespace pabal::queue {
namespace {

using namespace std::chrono_literals;
using Fate = RecipientResult::Fate;

class SocketTest : public testing::Test {
 protected:
  SocketTest() {
    options.host_name = "crepes.fr";
    options.own.loopback_is_ours = false;
    letter.sender = *account::Address::parse("alice@crepes.fr");
    letter.preamble = "Received: from crepes.fr\r\n";
    write("Subject: dinner\r\n\r\nDo you like ketchup?\r\n");
    listen("mx.hamburger.edu");
  }
  ~SocketTest() override {
    loop.run_until_done(courier->rest());
    for (auto& each : listeners) loop.run_until_done(each->drain(loop.in(5s)));
  }

  /// Our own server on a free port of loopback, under a host's name.
  void listen(const std::string& name) {
    auto opened =
        net::Listener::open(loop, {.endpoint = net::TcpEndpoint{net::IpAddress::loopback_v4(), 0}},
                            {.serve = [this](std::unique_ptr<net::Stream> stream, net::CancelSource&) {
                              ++sessions;
                              clients.push_back(stream->peer().tcp()->address.to_string());
                              return serve(std::make_unique<net::Connection>(loop, std::move(stream)));
                            }});
    ASSERT_TRUE(opened) << opened.error().detail;
    (*opened)->start();
    options.ports[name] = (*opened)->local().tcp()->port;
    listeners.push_back(std::move(*opened));
  }
  net::Task<void> serve(std::unique_ptr<net::Connection> connection) {
    smtp::FakeHandler handler(mail);
    co_await serve_smtp(*connection, handler, server);
  }
  /// A port at which nobody listens: it was free a moment ago.
  void close_port(const std::string& name) {
    listen(name);
    loop.run_until_done(listeners.back()->drain(loop.in(1s)));
    listeners.pop_back();
  }

  void write(std::string_view text) { ASSERT_TRUE(loop.run_until_done(write_letter(*store, text, letter))); }

  const ErrandReport& carry() {
    if (!courier) {
      courier = std::make_unique<SmtpCourier>(
          SmtpCourierServices{loop, *store, *resolver, random, journal, tls.get()}, options);
    }
    report = loop.run_until_done(courier->carry({letter, recipient.address.domain(), {&recipient, 1}}));
    return report;
  }
  std::string result() const {
    const RecipientResult& only = report.recipients.at(0);
    return only.fate == Fate::kRelayed ? "relayed" : only.reason;
  }

  const SystemClock clock;
  net::Loop loop{clock};
  SystemRandom random;
  std::unique_ptr<store::Engine> store = store::make_memory_engine();
  std::unique_ptr<net::StaticResolver> resolver = std::move(*net::StaticResolver::parse(R"(
hamburger.edu.      MX 10 mx.hamburger.edu.
hamburger.edu.      MX 20 mx2.hamburger.edu.
mx.hamburger.edu.   A  127.0.0.1
mx2.hamburger.edu.  A  127.0.0.1
)"));
  ListeningJournal journal;
  std::unique_ptr<net::TlsClient> tls;
  smtp::FakeMail mail;
  smtp::ServerOptions server = smtp::ServerOptions::mx("mx.hamburger.edu");
  std::vector<std::unique_ptr<net::Listener>> listeners;
  std::size_t sessions = 0;
  std::vector<std::string> clients;
  SmtpCourierOptions options;
  std::unique_ptr<SmtpCourier> courier;
  Letter letter;
  Recipient recipient{*account::Address::parse("bob@hamburger.edu")};
  ErrandReport report;
};

TEST_F(SocketTest, CarriesManyLettersOverOneConnection) {
  options.sources = {*net::IpAddress::parse("127.0.0.9")};
  for (int i = 0; i < 20; ++i) {
    carry();
    ASSERT_EQ(result(), "relayed");
  }
  EXPECT_EQ(mail.letters.size(), 20u);
  EXPECT_EQ(mail.letters.back().text,
            "Received: from crepes.fr\r\nSubject: dinner\r\n\r\nDo you like ketchup?\r\n");
  EXPECT_EQ(clients, std::vector<std::string>{"127.0.0.9"});
}

TEST_F(SocketTest, ARefusedConnectionLeadsToTheNextHost) {
  listen("mx2.hamburger.edu");
  close_port("mx.hamburger.edu");
  carry();
  EXPECT_EQ(result(), "relayed");
  EXPECT_EQ(report.hosts, ErrandReport::Hosts::kWell);
}

TEST_F(SocketTest, NobodyListens) {
  close_port("mx.hamburger.edu");
  close_port("mx2.hamburger.edu");
  carry();
  EXPECT_EQ(result(),
            fmt::format("mx2.hamburger.edu [127.0.0.1]:{} could not be connected to: Connection refused.",
                        options.ports["mx2.hamburger.edu"]));
  EXPECT_EQ(report.hosts, ErrandReport::Hosts::kUnreachable);
}

TEST_F(SocketTest, APeerThatRestartsLosesNoLetter) {
  carry();
  ASSERT_EQ(result(), "relayed");
  loop.run_until_done(listeners.back()->drain(loop.in(0s)));  // says 421 and closes
  listeners.pop_back();
  const std::uint16_t port = options.ports["mx.hamburger.edu"];
  auto again = net::Listener::open(loop, {.endpoint = net::TcpEndpoint{net::IpAddress::loopback_v4(), port}},
                                   {.serve = [this](std::unique_ptr<net::Stream> stream, net::CancelSource&) {
                                     return serve(std::make_unique<net::Connection>(loop, std::move(stream)));
                                   }});
  ASSERT_TRUE(again) << again.error().detail;
  (*again)->start();
  listeners.push_back(std::move(*again));
  carry();
  EXPECT_EQ(result(), "relayed");
  EXPECT_EQ(mail.letters.size(), 2u);
}

TEST_F(SocketTest, ALongLetterArrivesWholeAndEncrypted) {
  char name[] = "/tmp/pabal-courier-XXXXXX";
  const std::string directory = ::mkdtemp(name);
  const auto made = net::make_self_signed({"mx.hamburger.edu"}, clock);
  std::ofstream(directory + "/mx.crt") << made->certificate_pem;
  std::ofstream(directory + "/mx.key") << made->key_pem;
  const auto tls_server = std::move(*net::TlsServer::load(
      {.certificates = {{directory + "/mx.crt", directory + "/mx.key"}}}, clock, random));
  std::filesystem::remove_all(directory);
  server.tls = tls_server.get();
  tls = std::move(*net::TlsClient::create());
  std::string text = "Subject: long\r\n\r\n";
  while (text.size() < 400'000) text += fmt::format(".{} All work and no play.\r\n", text.size());
  write(text);
  carry();
  EXPECT_EQ(result(), "relayed");
  carry();
  EXPECT_EQ(result(), "relayed");
  EXPECT_EQ(sessions, 1u);
  ASSERT_EQ(mail.letters.size(), 2u);
  EXPECT_EQ(mail.letters[0].protocol, "ESMTPS");
  EXPECT_TRUE(mail.letters[0].text == letter.preamble + text);
  loop.run_until_done(courier->rest());
  loop.run_until_done(listeners.back()->drain(loop.in(5s)));
}

}  // namespace
}  // namespace pabal::queue
