#include "net/tls.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "net/connection.h"
#include "net/memory_stream.h"
#include "net/scope.h"
#include "net/testing.h"

namespace pabal::net {
namespace {

using namespace std::chrono_literals;

class TlsTest : public testing::Test {
 protected:
  TlsTest() {
    char name[] = "/tmp/pabal-tls-XXXXXX";
    directory = ::mkdtemp(name);
  }
  ~TlsTest() override { std::filesystem::remove_all(directory); }

  std::string write_file(std::string_view name, std::string_view text) {
    const std::string path = directory + "/" + std::string(name);
    std::ofstream(path) << text;
    return path;
  }
  CertificateFiles make_certificate(std::string_view file, std::vector<std::string> names,
                                    std::chrono::days valid_for = std::chrono::days(90)) {
    // Checked against the real date by OpenSSL, so made on the real clock.
    const auto made = make_self_signed(names, system_clock, valid_for);
    EXPECT_TRUE(made);
    return {write_file(fmt::format("{}.crt", file), made->certificate_pem),
            write_file(fmt::format("{}.key", file), made->key_pem)};
  }
  std::unique_ptr<TlsServer> make_server(TlsServerOptions options) {
    auto made = TlsServer::load(std::move(options), sim.clock(), random);
    EXPECT_TRUE(made) << made.error().detail;
    return std::move(*made);
  }
  std::unique_ptr<TlsClient> make_client(std::string trust = {}) {
    return std::move(*TlsClient::create(std::move(trust)));
  }

  struct Ends {
    std::unique_ptr<Connection> server, client;
    Result<void> server_result, client_result;
  };
  /// A handshake on a new pair of streams.
  Ends shake(TlsServer& server, TlsClient& client, TlsClientOptions options,
             MemoryStreamOptions stream_options = {}) {
    Ends ends;
    auto [first, second] = make_memory_streams(stream_options);
    ends.server = std::make_unique<Connection>(sim.loop(), std::move(first));
    ends.client = std::make_unique<Connection>(sim.loop(), std::move(second));
    const auto serve = [&]() -> Task<void> {
      ends.server_result = co_await ends.server->start_tls(server, sim.loop().in(10s));
    };
    const auto dial = [&]() -> Task<void> {
      ends.client_result = co_await ends.client->start_tls(client, std::move(options), sim.loop().in(10s));
    };
    const auto both = [&]() -> Task<void> {
      Scope scope(sim.loop());
      scope.spawn(serve());
      scope.spawn(dial());
      co_await scope.join();
    };
    sim.run_until_done(both());
    return ends;
  }
  /// A line from the server to the client, which also brings the client its tickets.
  void greet(Ends& ends) {
    const auto say = [&]() -> Task<void> {
      EXPECT_TRUE(co_await ends.server->write("220 hello\r\n", sim.loop().in(5s)));
      EXPECT_TRUE(co_await ends.server->flush(sim.loop().in(5s)));
      EXPECT_EQ(co_await ends.client->read_line({}, sim.loop().in(5s)), "220 hello");
    };
    sim.run_until_done(say());
  }

  const SystemClock system_clock;
  SystemRandom random;
  SimulatedLoop sim;
  std::string directory;
};

TEST_F(TlsTest, SpeaksBothWaysAndKnowsItsFacts) {
  const auto files = make_certificate("mail", {"mail.example.org", "127.0.0.1"});
  const auto server = make_server({.certificates = {files}, .alpn = {"imap", "smtp"}});
  const auto client = make_client(files.certificate_path);
  auto ends = shake(*server, *client, {.server_name = "MAIL.example.org", .alpn = {"smtp"}});
  ASSERT_TRUE(ends.server_result) << ends.server_result.error().detail;
  ASSERT_TRUE(ends.client_result) << ends.client_result.error().detail;
  greet(ends);
  const auto facts = ends.client->stream().tls_facts();
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->version, "TLSv1.3");
  EXPECT_EQ(facts->alpn, "smtp");
  EXPECT_EQ(facts->verify_error, "");
  EXPECT_EQ(facts->peer_chain_der.size(), 1u);
  EXPECT_FALSE(facts->resumed);
  EXPECT_EQ(ends.server->stream().tls_facts()->server_name, "mail.example.org");
  for (const ChannelBinding kind : {ChannelBinding::kTlsServerEndPoint, ChannelBinding::kTlsExporter}) {
    const auto here = ends.server->stream().channel_binding(kind);
    ASSERT_TRUE(here);
    EXPECT_EQ(here->size(), 32u);
    EXPECT_EQ(*here, ends.client->stream().channel_binding(kind).value());
  }
}

TEST_F(TlsTest, ByAddressToo) {
  const auto files = make_certificate("ip", {"127.0.0.1"});
  const auto server = make_server({.certificates = {files}});
  const auto client = make_client(files.certificate_path);
  EXPECT_TRUE(shake(*server, *client, {.server_name = "127.0.0.1"}).client_result);
  EXPECT_FALSE(shake(*server, *client, {.server_name = "127.0.0.2"}).client_result);
}

TEST_F(TlsTest, ServesTheCertificateThatCoversTheName) {
  const auto first = make_certificate("first", {"first.example"});
  const auto exact = make_certificate("exact", {"imap.example.org"});
  const auto wild = make_certificate("wild", {"*.example.org"});
  const auto server = make_server({.certificates = {first, wild, exact}});
  const struct {
    std::string_view name;
    const CertificateFiles& want;
  } cases[] = {{"imap.example.org", exact}, {"smtp.example.org", wild},   {"a.b.example.org", first},
               {"example.org", first},      {"elsewhere.example", first}, {"first.example", first}};
  for (const auto& c : cases) {
    const auto client = make_client(c.want.certificate_path);
    auto ends = shake(*server, *client, {.server_name = std::string(c.name), .verify = TlsVerify::kNone});
    ASSERT_TRUE(ends.client_result);
    const std::string error = ends.client->stream().tls_facts()->verify_error;
    EXPECT_TRUE(error.empty() || error.find("hostname") != error.npos || error.find("mismatch") != error.npos)
        << c.name << ": " << error;
  }
}

TEST_F(TlsTest, RefusesWhatItCanNotVerify) {
  const auto files = make_certificate("mail", {"mail.example.org"});
  const auto other = make_certificate("other", {"mail.example.org"});
  const auto server = make_server({.certificates = {files}});
  const auto trusting = make_client(files.certificate_path);
  const auto wrong_name = shake(*server, *trusting, {.server_name = "mail.example.com"});
  ASSERT_FALSE(wrong_name.client_result);
  EXPECT_NE(wrong_name.client_result.error().detail.find("mismatch"), std::string::npos)
      << wrong_name.client_result.error().detail;
  EXPECT_FALSE(shake(*server, *trusting, {.server_name = ""}).client_result);
  const auto stranger = make_client(other.certificate_path);
  EXPECT_FALSE(shake(*server, *stranger, {.server_name = "mail.example.org"}).client_result);
  auto opportunistic =
      shake(*server, *stranger, {.server_name = "mail.example.org", .verify = TlsVerify::kNone});
  ASSERT_TRUE(opportunistic.client_result);
  EXPECT_NE(opportunistic.client->stream().tls_facts()->verify_error, "");
}

TEST_F(TlsTest, ResumesAcrossReloadAndKeyRotation) {
  const auto files = make_certificate("mail", {"mail.example.org"});
  const TlsServerOptions options{.certificates = {files}, .ticket_key_lifetime = 1h};
  const auto server = make_server(options);
  const auto client = make_client(files.certificate_path);
  const TlsClientOptions dial{.server_name = "mail.example.org"};
  const auto resumed = [&] {
    auto ends = shake(*server, *client, dial);
    EXPECT_TRUE(ends.client_result);
    greet(ends);
    EXPECT_EQ(ends.server->stream().tls_facts()->resumed, ends.client->stream().tls_facts()->resumed);
    EXPECT_EQ(ends.client->stream().channel_binding(ChannelBinding::kTlsServerEndPoint).value(),
              ends.server->stream().channel_binding(ChannelBinding::kTlsServerEndPoint).value());
    return ends.client->stream().tls_facts()->resumed;
  };
  EXPECT_FALSE(resumed());
  EXPECT_TRUE(resumed());
  ASSERT_TRUE(server->reload(options));
  EXPECT_TRUE(resumed());
  sim.clock().advance(61min);  // the key that sealed it is the one before now
  EXPECT_TRUE(resumed());
  sim.clock().advance(3h);
  EXPECT_FALSE(resumed());
  EXPECT_TRUE(resumed());
  auto fresh = shake(*server, *client, {.server_name = "mail.example.org", .resume = false});
  EXPECT_FALSE(fresh.client->stream().tls_facts()->resumed);
}

TEST_F(TlsTest, AnUnverifiedSessionDoesNotServeAVerifiedConnection) {
  const auto files = make_certificate("mail", {"mail.example.org"});
  const auto other = make_certificate("other", {"other.example"});
  const auto server = make_server({.certificates = {files}});
  const auto client = make_client(other.certificate_path);
  auto ends = shake(*server, *client, {.server_name = "mail.example.org", .verify = TlsVerify::kNone});
  greet(ends);
  EXPECT_FALSE(shake(*server, *client, {.server_name = "mail.example.org"}).client_result);
}

TEST_F(TlsTest, ReloadServesTheNewCertificateAndKeepsOldSessions) {
  auto files = make_certificate("mail", {"mail.example.org"});
  const auto server = make_server({.certificates = {files}});
  const auto old_client = make_client(files.certificate_path);
  auto before = shake(*server, *old_client, {.server_name = "mail.example.org"});
  ASSERT_TRUE(before.client_result);
  files = make_certificate("mail", {"mail.example.org"});  // in the same place
  const auto new_client = make_client(files.certificate_path);
  EXPECT_FALSE(shake(*server, *new_client, {.server_name = "mail.example.org"}).client_result);
  ASSERT_TRUE(server->reload({.certificates = {files}}));
  EXPECT_TRUE(shake(*server, *new_client, {.server_name = "mail.example.org"}).client_result);
  greet(before);
  EXPECT_FALSE(server->reload({.certificates = {{files.certificate_path, directory + "/gone"}}}));
  EXPECT_TRUE(shake(*server, *new_client, {.server_name = "mail.example.org"}).client_result);
}

TEST_F(TlsTest, SaysWhichFileIsWrongAndHow) {
  const auto good = make_certificate("good", {"a.example"});
  const auto other = make_certificate("other", {"b.example"});
  const std::string text = write_file("text", "not PEM\n");
  const std::string locked = write_file(
      "locked", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n");
  const struct {
    CertificateFiles files;
    std::string_view file, words;
  } cases[] = {
      {{directory + "/none", good.key_path}, "/none", "No such file"},
      {{good.certificate_path, directory + "/none"}, "/none", "No such file"},
      {{directory, good.key_path}, "/tmp/", ""},
      {{text, good.key_path}, "/text", "no certificate"},
      {{good.certificate_path, text}, "/text", "no private key"},
      {{good.certificate_path, locked}, "/locked", "encrypted"},
      {{good.certificate_path, other.key_path}, "other.key", "does not belong"},
  };
  for (const auto& c : cases) {
    const auto loaded = TlsServer::load({.certificates = {c.files}}, sim.clock(), random);
    ASSERT_FALSE(loaded) << c.words;
    EXPECT_NE(loaded.error().detail.find(c.file), std::string::npos) << loaded.error().detail;
    EXPECT_NE(loaded.error().detail.find(c.words), std::string::npos) << loaded.error().detail;
  }
  EXPECT_FALSE(TlsServer::load({}, sim.clock(), random));
}

TEST_F(TlsTest, WarnsOfDates) {
  const ManualClock born;  // 2026-01-01
  const auto made = make_self_signed({"a.example"}, born, std::chrono::days(30));
  const CertificateFiles files{write_file("a.crt", made->certificate_pem),
                               write_file("a.key", made->key_pem)};
  const auto server = make_server({.certificates = {files}});
  EXPECT_TRUE(server->warnings().empty());
  sim.clock().advance(20 * 24h);
  ASSERT_EQ(server->warnings().size(), 1u);
  EXPECT_NE(server->warnings()[0].find("expires on 2026-01-30"), std::string::npos) << server->warnings()[0];
  sim.clock().advance(20 * 24h);
  EXPECT_NE(server->warnings()[0].find("expired on"), std::string::npos);
}

TEST_F(TlsTest, SelfSignedRefusesWhatIsNoName) {
  for (const std::string& name :
       std::vector<std::string>{"", "a b", "a,DNS:b", "a\nb", "DNS:a", "ü.example"}) {
    EXPECT_FALSE(make_self_signed({name}, system_clock)) << name;
  }
  EXPECT_FALSE(make_self_signed({}, system_clock));
  EXPECT_TRUE(make_self_signed({"::1", "*.example.org", std::string(100, 'a') + ".example"}, system_clock));
}

TEST_F(TlsTest, ByteByByteAndBigWritesUnderBackpressure) {
  const auto files = make_certificate("mail", {"mail.example.org"});
  const auto server = make_server({.certificates = {files}});
  const auto client = make_client(files.certificate_path);
  for (const MemoryStreamOptions& options : {MemoryStreamOptions{.capacity_bytes = 2000, .max_read_bytes = 1},
                                             MemoryStreamOptions{.capacity_bytes = 5000}}) {
    auto ends = shake(*server, *client, {.server_name = "mail.example.org"}, options);
    ASSERT_TRUE(ends.client_result);
    std::string sent(100'000, 'x');
    for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>(i * 7);
    std::string got(sent.size(), '\0');
    const auto both = [&]() -> Task<void> {
      Scope scope(sim.loop());
      const auto write = [&]() -> Task<void> {
        const auto written = co_await ends.server->write(sent, sim.loop().in(5s));
        EXPECT_TRUE(written) << written.error().detail;
        EXPECT_TRUE(co_await ends.server->finish(sim.loop().in(5s)));
      };
      scope.spawn(write());
      const auto read = co_await ends.client->read_exactly(got, sim.loop().in(5s));
      EXPECT_TRUE(read) << read.error().detail;
      const auto end = co_await ends.client->read_line({}, sim.loop().in(5s));
      EXPECT_EQ(end.error().detail, "the peer closed the connection");
      EXPECT_TRUE(co_await ends.client->finish(sim.loop().in(5s)));
      co_await scope.join();
    };
    sim.run_until_done(both());
    EXPECT_TRUE(got == sent);
  }
}

TEST_F(TlsTest, AnEndWithoutCloseNotifyIsNoOrderlyEnd) {
  const auto files = make_certificate("mail", {"mail.example.org"});
  const auto server = make_server({.certificates = {files}});
  const auto client = make_client(files.certificate_path);
  auto [first, second] = make_memory_streams();
  Stream* const raw = second.get();
  Connection a(sim.loop(), std::move(first));
  Connection b(sim.loop(), std::move(second));
  const auto check = [&]() -> Task<void> {
    Scope scope(sim.loop());
    const auto serve = [&]() -> Task<void> {
      EXPECT_TRUE(co_await a.start_tls(*server, sim.loop().in(5s)));
      const auto read = co_await a.read_line({}, sim.loop().in(5s));
      EXPECT_EQ(read.error().kind, ErrorKind::kClose);
      EXPECT_NE(read.error().detail.find("without saying so"), std::string::npos) << read.error().detail;
    };
    scope.spawn(serve());
    EXPECT_TRUE(co_await b.start_tls(*client, {.server_name = "mail.example.org"}, sim.loop().in(5s)));
    EXPECT_TRUE(co_await raw->shut_down(Deadline::never()));  // FIN below TLS, as an attacker could send
    co_await scope.join();
  };
  sim.run_until_done(check());
}

TEST_F(TlsTest, PlaintextBehindStartTlsClosesTheConnection) {
  const auto files = make_certificate("mail", {"mail.example.org"});
  const auto server = make_server({.certificates = {files}});
  const auto client = make_client(files.certificate_path);
  for (const bool we_are_server : {true, false}) {
    auto [first, second] = make_memory_streams();
    Connection ours(sim.loop(), std::move(first));
    const auto check = [&]() -> Task<void> {
      const std::string_view pieces[] = {"STARTTLS\r\nMAIL FROM:<injected@example.org>\r\n"};
      EXPECT_TRUE(co_await second->write_all(pieces, Deadline::never()));
      EXPECT_EQ(co_await ours.read_line({}, sim.loop().in(1s)), "STARTTLS");
      EXPECT_TRUE(co_await ours.write("220 go\r\n", sim.loop().in(1s)));
      Result<void> result;
      if (we_are_server) {
        result = co_await ours.start_tls(*server, sim.loop().in(1s));
      } else {
        result = co_await ours.start_tls(*client, {.server_name = "mail.example.org"}, sim.loop().in(1s));
      }
      EXPECT_EQ(result.error().kind, ErrorKind::kClose);
      EXPECT_NE(result.error().detail.find("STARTTLS"), std::string::npos);
      EXPECT_EQ((co_await ours.read_line({}, sim.loop().in(1s))).error().kind, ErrorKind::kClose);
      char byte;
      EXPECT_EQ((co_await second->read_some({&byte, 1}, sim.loop().in(1s))).error().kind, ErrorKind::kClose);
    };
    sim.run_until_done(check());
  }
}

TEST_F(TlsTest, GarbageAndSilenceEndTheHandshake) {
  const auto files = make_certificate("mail", {"mail.example.org"});
  const auto server = make_server({.certificates = {files}});
  const struct {
    std::string_view name, bytes;
    ErrorKind want;
  } cases[] = {{"a mail client in clear", "EHLO client.example\r\n", ErrorKind::kClose},
               {"HTTP", "GET / HTTP/1.1\r\n\r\n", ErrorKind::kClose},
               {"a record that is too long", "\x16\x03\x01\xff\xff\x01\x02\x03", ErrorKind::kClose},
               {"half a record", std::string_view("\x16\x03\x01\x00\x80\x01", 6), ErrorKind::kDeadline},
               {"silence", "", ErrorKind::kDeadline}};
  for (const auto& c : cases) {
    auto [first, second] = make_memory_streams();
    Connection ours(sim.loop(), std::move(first));
    const auto check = [&]() -> Task<void> {
      const std::string_view pieces[] = {c.bytes};
      EXPECT_TRUE(co_await second->write_all(pieces, Deadline::never()));
      const auto result = co_await ours.start_tls(*server, sim.loop().in(30s));
      EXPECT_FALSE(result) << c.name;
      if (!result) EXPECT_EQ(result.error().kind, c.want) << c.name << ": " << result.error().detail;
    };
    sim.run_until_done(check());
  }
}

}  // namespace
}  // namespace pabal::net
