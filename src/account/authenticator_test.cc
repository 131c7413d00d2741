#include "account/authenticator.h"

#include <vector>

#include "account/scram_testing.h"
#include "account/testing.h"

namespace pabal::account {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using Why = LoginRefused::Why;

constexpr std::string_view kGood = "correct horse";

std::string_view word(Why why) {
  switch (why) {
    case Why::kWrong:
      return "wrong";
    case Why::kMalformed:
      return "malformed";
    case Why::kNotOffered:
      return "not offered";
    case Why::kNeedsTls:
      return "needs TLS";
    case Why::kDisabled:
      return "disabled";
    case Why::kNotAllowed:
      return "not allowed";
    case Why::kThrottled:
      return "throttled";
    case Why::kBusy:
      return "busy";
  }
  return "?";
}

class Listener final : public LoginObserver {
 public:
  void on_login(const LoginEvent& event) override {
    events.push_back(fmt::format("{} {} {} {} {}{}", event.refused ? word(*event.refused) : "in",
                                 to_string(event.protocol), event.mechanism, event.name, event.delay.count(),
                                 event.account ? fmt::format(" #{}", *event.account) : ""));
    details.emplace_back(event.detail);
  }
  std::vector<std::string> events;
  std::vector<std::string> details;
};

class AuthenticatorTest : public DirectoryTest {
 protected:
  AuthenticatorTest() {
    must(directory_.add_domain(domain("example.org")));
    must(directory_.add_domain(domain("한국.kr")));
    bob_ = add_account("bob@example.org");  // 1
    must(directory_.add_address(bob_, address("robert@example.org")));
    must(credentials_.set_password(bob_, Secret(kGood)));
    eve_ = add_account("eve@example.org");  // 2, has no password
    const AccountId mail = add_account("메일@한국.kr");
    must(credentials_.set_password(mail, Secret(kGood)));
  }

  static ClientInfo client(std::string_view ip = "192.0.2.1", bool tls = true) {
    return {.protocol = Protocol::kImap,
            .peer = net::TcpEndpoint{net::IpAddress::parse(ip).value(), 1234},
            .tls = tls,
            .bindings = {}};
  }
  static ClientInfo bound_client() {
    ClientInfo out = client();
    out.bindings = {{"tls-exporter", "EXPORTED"}};
    return out;
  }

  static std::string describe(const LoginResult& result) {
    if (!result) return std::string(word(result.error().why)) + ": " + result.error().text;
    return fmt::format("in as {} #{}{}", result->address.to_string(), result->account,
                       result->app_password ? fmt::format(" by app password {}", *result->app_password) : "");
  }
  static std::string describe(LoginExchange::Step step) {
    if (auto* challenge = std::get_if<SaslChallenge>(&step)) return "challenge " + challenge->text;
    if (auto* login = std::get_if<Login>(&step)) return describe(LoginResult(std::move(*login)));
    return describe(LoginResult(std::unexpected(std::get<LoginRefused>(std::move(step)))));
  }

  std::string login(std::string name, std::string_view password, ClientInfo info = client()) {
    return describe(run(door_.login(std::move(info), std::move(name), Secret(password))));
  }
  std::string plain(const std::string& message, ClientInfo info = client()) {
    auto exchange = door_.begin("PLAIN", std::move(info));
    if (!exchange) return describe(LoginResult(std::unexpected(exchange.error())));
    return describe(run(exchange->start(message)));
  }
  /// The whole exchange; what it ends with.
  std::string scram(std::string_view mechanism, std::string name, std::string_view password, ClientInfo info,
                    std::string gs2_header = "n,,", std::string binding = "") {
    ScramClient scram_client(std::move(name), std::string(password), std::move(gs2_header),
                             std::move(binding));
    auto exchange = door_.begin(mechanism, std::move(info));
    if (!exchange) return describe(LoginResult(std::unexpected(exchange.error())));
    auto step = run(exchange->start(scram_client.first()));
    if (!std::holds_alternative<SaslChallenge>(step)) return describe(std::move(step));
    step = run(exchange->step(scram_client.final(std::get<SaslChallenge>(step).text)));
    if (!std::holds_alternative<SaslChallenge>(step)) return describe(std::move(step));
    EXPECT_EQ(std::get<SaslChallenge>(step).text, scram_client.expected_server_final());
    return describe(run(exchange->step("")));
  }

  net::Task<void> note(ClientInfo info, std::string password, std::vector<std::string>& answers) {
    answers.push_back(describe(co_await door_.login(std::move(info), "bob", Secret(password))));
  }

  static constexpr std::string_view kWrongText = "wrong: the name or the password is wrong";

  CountingHasher hasher_;
  SeededRandom random_{1};
  net::WorkerPool pool_{{.name = "hash", .threads = 2, .max_queued = 8}};
  Credentials credentials_{directory_, hasher_, pool_, sim_.clock(), random_, {.scram_iterations = 4096}};
  LoginThrottle throttle_{sim_.clock()};
  Listener listener_;
  Authenticator door_{directory_, credentials_, throttle_,
                      random_,    listener_,    {.default_domain = domain("example.org")}};
  AccountId bob_;
  AccountId eve_;
};

TEST_F(AuthenticatorTest, OpensForNameAndPassword) {
  EXPECT_EQ(login("bob@example.org", kGood), "in as bob@example.org #1");
  EXPECT_EQ(login("BOB@Example.org", kGood), "in as bob@example.org #1");
  EXPECT_EQ(login("robert@example.org", kGood), "in as bob@example.org #1");
  EXPECT_EQ(login("bob", kGood), "in as bob@example.org #1");
  EXPECT_EQ(login("메일@xn--3e0b707e.kr", kGood), "in as 메일@xn--3e0b707e.kr #3");
  EXPECT_EQ(plain("\0bob\0correct horse"s), "in as bob@example.org #1");
  EXPECT_EQ(listener_.events.front(), "in imap password bob@example.org 0 #1");
  EXPECT_EQ(listener_.events.back(), "in imap PLAIN bob 0 #1");
}

TEST_F(AuthenticatorTest, EveryFailureLooksTheSame) {
  must(directory_.disable_account(eve_, "unpaid"));
  const std::vector<std::string> names = {"bob@example.org",
                                          "eve@example.org",
                                          "nobody@example.org",
                                          "x@far.net",
                                          "no address at all",
                                          "bob+x@example.org",
                                          ""};
  int i = 0;
  for (const std::string& name : names) {
    const int before = hasher_.calls();
    const ClientInfo somewhere = client(fmt::format("192.0.{}.1", ++i));
    EXPECT_EQ(login(name, "wrong password", somewhere), kWrongText) << name;
    EXPECT_EQ(hasher_.calls() - before, 1) << name;
  }
}

TEST_F(AuthenticatorTest, ScramFailuresLookTheSame) {
  must(directory_.disable_account(eve_, "unpaid"));
  int i = 0;
  for (const std::string name : {"bob@example.org", "eve@example.org", "nobody@example.org", "nonsense"}) {
    const int before = hasher_.calls();
    EXPECT_EQ(scram("SCRAM-SHA-256", name, "wrong password", client(fmt::format("192.0.{}.1", ++i))),
              kWrongText);
    EXPECT_EQ(hasher_.calls(), before) << name;
  }
}

TEST_F(AuthenticatorTest, DisabledIsToldAfterTheRightPasswordOnly) {
  must(directory_.disable_account(bob_, "unpaid"));
  EXPECT_EQ(login("bob", "wrong password"), kWrongText);
  EXPECT_EQ(login("bob", kGood), "disabled: this account is switched off: unpaid");
  EXPECT_EQ(scram("SCRAM-SHA-256", "bob", kGood, client()), "disabled: this account is switched off: unpaid");
  must(directory_.enable_account(bob_));
  EXPECT_EQ(login("bob", kGood), "in as bob@example.org #1");
  must(directory_.disable_account(bob_, ""));  // though its proof is still remembered
  EXPECT_EQ(login("bob", kGood), "disabled: this account is switched off");
}

TEST_F(AuthenticatorTest, ADisabledDomainDisablesItsAccounts) {
  must(directory_.set_domain_options(domain("example.org"), {.enabled = false}));
  EXPECT_EQ(login("bob", kGood), "disabled: this account is switched off");
  EXPECT_EQ(login("메일@한국.kr", kGood), "in as 메일@xn--3e0b707e.kr #3");
}

TEST_F(AuthenticatorTest, ScramProvesWithoutAPassword) {
  EXPECT_EQ(scram("SCRAM-SHA-256", "bob@example.org", kGood, client()), "in as bob@example.org #1");
  EXPECT_EQ(scram("scram-sha-256", "메일@한국.kr", kGood, client()), "in as 메일@xn--3e0b707e.kr #3");
  EXPECT_EQ(scram("SCRAM-SHA-256-PLUS", "bob", kGood, bound_client(), "p=tls-exporter,,", "EXPORTED"),
            "in as bob@example.org #1");
  EXPECT_EQ(scram("SCRAM-SHA-256-PLUS", "bob", kGood, bound_client(), "p=tls-exporter,,", "ELSEWHERE"),
            kWrongText);
  EXPECT_EQ(scram("SCRAM-SHA-256", "bob", kGood, bound_client(), "y,,"), kWrongText);  // a downgrade
  EXPECT_EQ(scram("SCRAM-SHA-256-PLUS", "bob", kGood, client(), "p=tls-exporter,,", "EXPORTED"),
            "not offered: that way to log in is not offered here");
}

TEST_F(AuthenticatorTest, NobodyActsAsSomebodyElse) {
  EXPECT_EQ(plain("bob@example.org\0bob\0correct horse"s), "in as bob@example.org #1");
  EXPECT_EQ(plain("robert@example.org\0bob\0correct horse"s), "in as bob@example.org #1");
  EXPECT_EQ(plain("eve@example.org\0bob\0correct horse"s), "not allowed: that is not allowed for this login");
  EXPECT_EQ(plain("eve@example.org\0bob\0wrong password"s), kWrongText);
  EXPECT_EQ(scram("SCRAM-SHA-256", "bob", kGood, client(), "n,a=eve@example.org,"),
            "not allowed: that is not allowed for this login");
}

TEST_F(AuthenticatorTest, AppPasswordsKeepToTheirProtocols) {
  const Secret phone =
      must(credentials_.add_app_password(bob_, "phone", ProtocolSet().with(Protocol::kImap)));
  EXPECT_EQ(login("bob", phone.reveal()), "in as bob@example.org #1 by app password 1");
  ClientInfo pop3 = client();
  pop3.protocol = Protocol::kPop3;
  EXPECT_EQ(login("bob", phone.reveal(), pop3), "not allowed: that is not allowed for this login");
  EXPECT_EQ(listener_.details.back(), "this app password is for other protocols");
}

/// A stream that knows its peer and one channel binding.
class BoundStream final : public net::Stream {
 public:
  explicit BoundStream(bool tls) : tls_(tls) {}
  net::Task<Result<void>> wait_readable(net::Deadline) override { co_return Result<void>{}; }
  net::Task<Result<std::size_t>> read_some(std::span<char>, net::Deadline) override { co_return 0u; }
  net::Task<Result<void>> write_all(std::span<const std::string_view>, net::Deadline) override {
    co_return Result<void>{};
  }
  net::Task<Result<void>> shut_down(net::Deadline) override { co_return Result<void>{}; }
  void close() override {}
  const net::Endpoint& peer() const override { return peer_; }
  const net::Endpoint& local() const override { return peer_; }
  bool encrypted() const override { return tls_; }
  Result<std::string> channel_binding(net::ChannelBinding type) const override {
    if (tls_ && type == net::ChannelBinding::kTlsServerEndPoint) return "HASHED";
    return fail(ErrorKind::kRefuse, "no such binding");
  }

 private:
  const bool tls_;
  const net::Endpoint peer_ = net::TcpEndpoint{net::IpAddress::parse("192.0.2.1").value(), 1234};
};

TEST_F(AuthenticatorTest, TakesTheBindingsOfTheStream) {
  EXPECT_TRUE(client_info_of(BoundStream(false), Protocol::kImap).bindings.empty());
  const ClientInfo info = client_info_of(BoundStream(true), Protocol::kSubmission);
  EXPECT_TRUE(info.tls);
  EXPECT_EQ(info.protocol, Protocol::kSubmission);
  EXPECT_EQ(scram("SCRAM-SHA-256-PLUS", "bob", kGood, info, "p=tls-server-end-point,,", "HASHED"),
            "in as bob@example.org #1");
  EXPECT_EQ(scram("SCRAM-SHA-256-PLUS", "bob", kGood, info, "p=tls-exporter,,", "HASHED"),
            "malformed: the login could not be understood");
}

TEST_F(AuthenticatorTest, NoPasswordInClearOnAnOpenLine) {
  using enum SaslName;
  EXPECT_EQ(door_.mechanisms(bound_client()), (std::vector{kScramSha256Plus, kScramSha256, kPlain, kLogin}));
  EXPECT_EQ(door_.mechanisms(client()), (std::vector{kScramSha256, kPlain, kLogin}));
  EXPECT_EQ(door_.mechanisms(client("192.0.2.1", false)), std::vector<SaslName>{});
  EXPECT_EQ(door_.mechanisms(client("127.0.0.1", false)), (std::vector{kScramSha256, kPlain, kLogin}));

  EXPECT_EQ(login("bob", kGood, client("192.0.2.1", false)),
            "needs TLS: turn on encryption (TLS) before you log in");
  EXPECT_EQ(plain("\0bob\0correct horse"s, client("192.0.2.1", false)),
            "needs TLS: turn on encryption (TLS) before you log in");
  EXPECT_EQ(login("bob", kGood, client("127.0.0.1", false)), "in as bob@example.org #1");

  Authenticator lab(directory_, credentials_, throttle_, random_, listener_,
                    {.cleartext_from_anywhere = true});
  EXPECT_EQ(lab.mechanisms(client("192.0.2.1", false)).size(), 3u);
}

TEST_F(AuthenticatorTest, RefusesWhatItDoesNotOffer) {
  for (const std::string name : {"CRAM-MD5", "", "PLAIN ", "SCRAM-SHA-256-PLUS"}) {
    EXPECT_FALSE(door_.begin(name, client())) << name;
  }
  Authenticator simple(directory_, credentials_, throttle_, random_, listener_, {.offer_scram = false});
  EXPECT_FALSE(simple.begin("SCRAM-SHA-256", client()));
  EXPECT_TRUE(simple.begin("LOGIN", client()));
}

TEST_F(AuthenticatorTest, MalformedIsNoGuess) {
  for (int i = 0; i < 50; ++i) EXPECT_EQ(plain("junk"), "malformed: the login could not be understood");
  EXPECT_EQ(plain("\0bob\0correct horse"s), "in as bob@example.org #1");
  EXPECT_EQ(listener_.events.back(), "in imap PLAIN bob 0 #1");
}

TEST_F(AuthenticatorTest, GuessersWaitAndAreThenRefused) {
  const MonoTime start = sim_.clock().mono();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(login("bob", fmt::format("guess number {}", i)), kWrongText);
  EXPECT_EQ(sim_.clock().mono(), start);
  EXPECT_EQ(login("bob", "guess number 4"), kWrongText);
  EXPECT_EQ(sim_.clock().mono() - start, 1s);
  EXPECT_EQ(login("bob", "guess number 5"), kWrongText);
  EXPECT_GE(sim_.clock().mono() - start, 3s);
  std::string last;
  for (int i = 6; i < 40; ++i) last = login("bob", fmt::format("guess number {}", i));
  EXPECT_EQ(last.substr(0, 37), "throttled: too many failed logins; tr") << last;
  // Right or wrong, from there nobody is judged now; from elsewhere bob comes in.
  const int before = hasher_.calls();
  EXPECT_EQ(login("bob", kGood).substr(0, 9), "throttled");
  EXPECT_EQ(hasher_.calls(), before);
  EXPECT_EQ(login("bob", kGood, client("198.51.100.1")), "in as bob@example.org #1");
}

TEST_F(AuthenticatorTest, UnknownNamesWaitAsLongAsKnownOnes) {
  for (const std::string name : {"bob@example.org", "nobody@example.org"}) {
    const std::string ip = name.starts_with("bob") ? "192.0.2.1" : "198.51.100.1";
    const MonoTime start = sim_.clock().mono();
    for (int i = 0; i < 10; ++i) login(name, fmt::format("guess number {}", i), client(ip));
    // Forgiving goes on while one waits, so that the sums are equal only because the delays are.
    EXPECT_EQ(sim_.clock().mono() - start, 31s) << name;
  }
}

TEST_F(AuthenticatorTest, AForgottenDeviceDoesNotLockTheOthersOut) {
  for (int i = 0; i < 100; ++i) EXPECT_EQ(login("bob", "the old password"), kWrongText);
  EXPECT_EQ(login("bob", kGood), "in as bob@example.org #1");
  EXPECT_EQ(listener_.events.back(), "in imap password bob 0 #1");
}

TEST_F(AuthenticatorTest, SaysBusyWhenItCannotTell) {
  hasher_.hold();
  net::Scope scope(sim_.loop());
  std::vector<std::string> answers;
  for (int i = 0; i < 12; ++i)
    scope.spawn(note(client("127.0.0.1"), fmt::format("guess number {}", i), answers));
  sim_.loop().run_ready();
  ASSERT_FALSE(answers.empty());
  EXPECT_EQ(answers[0], "busy: the server is busy; try again in a moment");
  hasher_.release();
  run(scope.join());
  EXPECT_EQ(answers.size(), 12u);
}

TEST_F(AuthenticatorTest, AWaitEndsWhenTheServerStops) {
  for (int i = 0; i < 8; ++i) login("bob", fmt::format("guess number {}", i));
  net::Scope scope(sim_.loop());
  std::vector<std::string> answers;
  scope.spawn(note(client(), std::string(kGood), answers));
  EXPECT_TRUE(answers.empty());
  scope.cancel();
  run(scope.join());
  EXPECT_EQ(answers, std::vector<std::string>{"busy: the server is busy; try again in a moment"});
}

TEST_F(AuthenticatorTest, LogsHoldNoPassword) {
  login("bob", "my secret guess");
  login("nobody", "my secret guess");
  plain("\0bob\0my secret guess"s);
  for (const auto& lines : {listener_.events, listener_.details}) {
    for (const std::string& line : lines) EXPECT_EQ(line.find("secret"), std::string::npos) << line;
  }
}

// As the textbook types them: `user bob`, `pass hungry`.
TEST_F(AuthenticatorTest, ANameWithoutADomainIsOfTheDoorsOrTheOnlyOne) {
  Authenticator door{directory_, credentials_, throttle_, random_, listener_, {}};
  const auto login_at = [&](std::optional<DomainName> domain) {
    ClientInfo info = client();
    info.domain = std::move(domain);
    return describe(sim_.run_until_done(door.login(std::move(info), "bob", Secret(kGood))));
  };
  EXPECT_EQ(login_at(domain("example.org")), "in as bob@example.org #1");
  EXPECT_EQ(login_at(domain("한국.kr")), kWrongText);
  EXPECT_EQ(login_at({}), kWrongText);  // there are two domains
}

}  // namespace
}  // namespace pabal::account
