// Who asks, and signing in.
#include "http/door.h"

#include <gmock/gmock.h>

#include "account/testing.h"
#include "base/encoding.h"
#include "base/json.h"
#include "http/sign_in.h"
#include "http/testing.h"

namespace pabal::http {
namespace {

using testing::HasSubstr;

struct Quiet final : account::LoginObserver {
  void on_login(const account::LoginEvent&) override {}
};

struct DoorTest : account::DirectoryTest {
  DoorTest() {
    must(directory_.add_domain(account::domain("crepes.fr")));
    alice = add_account("alice@crepes.fr");
    must(credentials.set_password(alice, Secret("pancake")));
    sign_in.add_to(router);
  }

  /// From another machine, over TLS.
  Request asked(Method method, std::string target, Fields fields = {}) {
    Request request{
        .method = method, .target = std::move(target), .host = "mail.crepes.fr", .fields = std::move(fields)};
    request.tls = true;
    request.peer = *net::Endpoint::parse("192.0.2.1:4000");
    return request;
  }
  Response ask(Request request, std::string body = {}) {
    if (!body.empty()) request.fields.add("content-type", "application/json");
    FakeExchange exchange(std::move(request), std::move(body));
    run(router.serve(exchange));
    return {exchange.head.status, exchange.head.fields, exchange.body};
  }
  /// The cookie that a right sign-in sets, and the CSRF token beside it.
  void sign_in_as_alice() {
    const Response response =
        ask(asked(Method::kPost, "/auth/sign-in"), R"({"name":"alice@crepes.fr","password":"pancake"})");
    ASSERT_EQ(response.status, Status::kOk) << response.body.view();
    const std::string_view set = *response.fields.find("set-cookie");
    cookie = set.substr(0, set.find(';'));
    csrf = *Json::parse(response.body.view())->find("csrf")->as_text();
  }
  Status identify(Method method, Fields fields) {
    const auto caller =
        run(door.identify(asked(method, "/jmap/api", std::move(fields)), account::Protocol::kJmap));
    if (!caller) return caller.error().status;
    EXPECT_EQ(caller->account, alice);
    return Status::kOk;
  }

  account::AccountId alice;
  account::CountingHasher hasher;
  net::WorkerPool pool{{.threads = 1}};
  SeededRandom random{1};
  account::Credentials credentials{directory_, hasher, pool, sim_.clock(), random, {.refuse_weak = false}};
  account::LoginThrottle throttle{sim_.clock()};
  Quiet quiet;
  account::Authenticator authenticator{directory_, credentials, throttle, random, quiet};
  account::Sessions sessions{*engine_, directory_, sim_.clock(), random};
  Door door{authenticator, sessions, directory_};
  SignIn sign_in{door, authenticator, sessions};
  Router router;
  std::string cookie, csrf;
};

TEST_F(DoorTest, KnowsANameWithItsPassword) {
  const std::string right = "Basic " + to_base64("alice@crepes.fr:pancake");
  EXPECT_EQ(identify(Method::kPost, {{"authorization", right}}), Status::kOk);
  EXPECT_EQ(identify(Method::kPost, {}), Status::kUnauthorized);
  EXPECT_EQ(identify(Method::kPost, {{"authorization", "Basic " + to_base64("alice@crepes.fr:waffle")}}),
            Status::kUnauthorized);
  EXPECT_EQ(identify(Method::kPost, {{"authorization", "Basic " + to_base64("eve@crepes.fr:waffle")}}),
            Status::kUnauthorized);
  EXPECT_EQ(identify(Method::kPost, {{"authorization", right}, {"authorization", right}}),
            Status::kBadRequest);
  Request open_line = asked(Method::kGet, "/", {{"authorization", right}});
  open_line.tls = false;
  EXPECT_EQ(run(door.identify(open_line, account::Protocol::kJmap)).error().status, Status::kForbidden);
}

TEST_F(DoorTest, AsksProgramsForAPasswordAndPagesForASession) {
  const auto program = run(door.identify(asked(Method::kGet, "/"), account::Protocol::kJmap));
  EXPECT_THAT(std::string(*program.error().fields.find("www-authenticate")), HasSubstr("Basic"));
  const auto page =
      run(door.identify(asked(Method::kGet, "/", {{"sec-fetch-mode", "cors"}}), account::Protocol::kJmap));
  EXPECT_THAT(std::string(*page.error().fields.find("www-authenticate")),
              testing::StartsWith("Pabal-Session"));
}

TEST_F(DoorTest, KnowsASessionAndWhoMadeTheRequest) {
  sign_in_as_alice();
  EXPECT_THAT(cookie, testing::StartsWith("__Host-pabal="));
  EXPECT_EQ(identify(Method::kGet, {{"cookie", cookie}}), Status::kOk);
  EXPECT_EQ(identify(Method::kGet, {{"cookie", cookie}, {"sec-fetch-site", "none"}}), Status::kOk);
  EXPECT_EQ(identify(Method::kPost,
                     {{"cookie", cookie}, {"x-csrf-token", csrf}, {"sec-fetch-site", "same-origin"}}),
            Status::kOk);
  EXPECT_EQ(identify(Method::kPost, {{"cookie", cookie}}), Status::kForbidden);
  EXPECT_EQ(identify(Method::kPost, {{"cookie", cookie}, {"x-csrf-token", "guess"}}), Status::kForbidden);
  EXPECT_EQ(
      identify(Method::kPost, {{"cookie", cookie}, {"x-csrf-token", csrf}, {"sec-fetch-site", "cross-site"}}),
      Status::kForbidden);
  EXPECT_EQ(identify(Method::kGet, {{"cookie", cookie}, {"sec-fetch-site", "same-site"}}),
            Status::kForbidden);
  EXPECT_EQ(identify(Method::kGet, {{"cookie", cookie}, {"authorization", "Bearer abc"}}),
            Status::kBadRequest);
  EXPECT_EQ(identify(Method::kGet, {{"cookie", "__Host-pabal=guess"}}), Status::kUnauthorized);
  // In clear, from elsewhere, there is no such cookie.
  const std::string local = "pabal-local=" + cookie.substr(cookie.find('=') + 1);
  EXPECT_EQ(identify(Method::kGet, {{"cookie", local}}), Status::kUnauthorized);
}

TEST_F(DoorTest, SignsInWithATokenForPrograms) {
  const Response response = ask(asked(Method::kPost, "/auth/sign-in"),
                                R"({"name":"alice@crepes.fr","password":"pancake","token":true})");
  EXPECT_FALSE(response.fields.find("set-cookie"));
  const std::string bearer = "Bearer " + *Json::parse(response.body.view())->find("token")->as_text();
  EXPECT_EQ(identify(Method::kPost, {{"authorization", bearer}}), Status::kOk);
  EXPECT_EQ(ask(asked(Method::kPost, "/auth/sign-out", {{"authorization", bearer}}), "{}").status,
            Status::kOk);
  EXPECT_EQ(identify(Method::kPost, {{"authorization", bearer}}), Status::kUnauthorized);
}

TEST_F(DoorTest, RefusesSignInsThatAreNone) {
  const auto status = [&](std::string body, Fields fields = {}) {
    return ask(asked(Method::kPost, "/auth/sign-in", std::move(fields)), std::move(body)).status;
  };
  EXPECT_EQ(status(R"({"name":"alice@crepes.fr","password":"waffle"})"), Status::kUnauthorized);
  EXPECT_EQ(status(R"({"name":"alice@crepes.fr"})"), Status::kBadRequest);
  EXPECT_EQ(status("{"), Status::kBadRequest);
  EXPECT_EQ(status(R"({"name":"alice@crepes.fr","password":"pancake"})", {{"sec-fetch-site", "cross-site"}}),
            Status::kForbidden);
  EXPECT_EQ(status("{\"name\":\"" + std::string(9000, 'a') + "\"}"), Status::kContentTooLarge);
  Request form = asked(Method::kPost, "/auth/sign-in", {{"content-type", "text/plain"}});
  EXPECT_EQ(ask(form).status, Status::kUnsupportedMediaType);
  for (int i = 0; i < 40; ++i)
    status(R"({"name":"alice@crepes.fr","password":"guess)" + std::to_string(i) + "\"}");
  EXPECT_EQ(status(R"({"name":"alice@crepes.fr","password":"one more"})"), Status::kTooManyRequests);
}

TEST_F(DoorTest, ListsRevokesAndRotates) {
  sign_in_as_alice();
  const std::string first = cookie;
  sign_in_as_alice();
  const Fields shown{{"cookie", cookie}, {"x-csrf-token", csrf}};
  const auto listed = Json::parse(ask(asked(Method::kGet, "/auth/sessions", shown)).body.view());
  const Json::Array& all = *listed->find("sessions")->as_array();
  ASSERT_EQ(all.size(), 2u);
  const auto other =
      std::ranges::find_if(all, [](const Json& each) { return !*each.find("current")->as_bool(); });
  ASSERT_NE(other, all.end());
  EXPECT_EQ(ask(asked(Method::kPost, "/auth/revoke", shown), other->to_text()).status, Status::kOk);
  EXPECT_EQ(ask(asked(Method::kPost, "/auth/revoke", shown), R"({"id":"0123"})").status, Status::kNotFound);
  EXPECT_EQ(identify(Method::kGet, {{"cookie", first}}), Status::kUnauthorized);

  const Response rotated = ask(asked(Method::kPost, "/auth/rotate", shown), "{}");
  ASSERT_EQ(rotated.status, Status::kOk);
  EXPECT_EQ(identify(Method::kGet, {{"cookie", cookie}}), Status::kUnauthorized);
  const std::string_view set = *rotated.fields.find("set-cookie");
  EXPECT_THAT(std::string(set), testing::EndsWith("; Path=/; HttpOnly; SameSite=Lax; Secure"));
  cookie = set.substr(0, set.find(';'));
  csrf = *Json::parse(rotated.body.view())->find("csrf")->as_text();
  EXPECT_EQ(
      ask(asked(Method::kPost, "/auth/sign-out", {{"cookie", cookie}, {"x-csrf-token", "no"}}), "{}").status,
      Status::kForbidden);
  const Response out =
      ask(asked(Method::kPost, "/auth/sign-out", {{"cookie", cookie}, {"x-csrf-token", csrf}}), "{}");
  EXPECT_THAT(std::string(*out.fields.find("set-cookie")), HasSubstr("Max-Age=0"));
  EXPECT_EQ(identify(Method::kGet, {{"cookie", cookie}}), Status::kUnauthorized);
}

}  // namespace
}  // namespace pabal::http
