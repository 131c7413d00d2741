// JMAP over HTTP: RFC 8620 §2, §3.1, §6, §7.3.
#include "jmap/door.h"
#include "http/testing.h"
#include "jmap/ids.h"
#include "jmap/testing.h"
#include "net/scope.h"

namespace pabal::jmap {
namespace {

class Knows final : public Callers {
 public:
  net::Task<std::expected<Caller, http::Response>> find(const http::Request& request) override {
    if (!request.find("authorization"))
      co_return std::unexpected(http::problem(http::Status::kUnauthorized, "Who?"));
    co_return Caller{account::AccountId(7), "bob@hamburger.edu"};
  }
};

class Door : public JmapTest {
 protected:
  http::FakeExchange ask(http::Method method, std::string target, std::string body = {},
                         http::Fields more = {}) {
    http::Request request{
        .method = method, .target = std::move(target), .host = "mail.hamburger.edu", .fields = more};
    request.fields.add("authorization", "Basic Ym9iOmthbGU=");
    request.tls = true;
    return http::FakeExchange(std::move(request), std::move(body), 3);
  }
  void serve(http::FakeExchange& exchange) {
    loop_.run_until_done([&]() -> net::Task<Result<void>> {
      co_await door_.serve(exchange);
      co_return Result<void>();
    }());
  }
  static unsigned status(const http::FakeExchange& exchange) { return http::code_of(exchange.head.status); }
  static std::string field(const http::FakeExchange& exchange, std::string_view name) {
    return std::string(exchange.head.fields.find(name).value_or("(none)"));
  }

  Knows callers_;
  jmap::Door door_{api_, callers_};
};

TEST_F(Door, TellsTheSession) {
  auto exchange = ask(http::Method::kGet, "/.well-known/jmap");
  serve(exchange);
  EXPECT_EQ(status(exchange), 200U);
  const auto json = Json::parse(exchange.body);
  ASSERT_TRUE(json);
  EXPECT_EQ(at(*json, "apiUrl"), "https://mail.hamburger.edu/jmap/api");
}

TEST_F(Door, AsksWhoIsThere) {
  http::FakeExchange exchange(http::Request{.target = "/jmap/session"});
  serve(exchange);
  EXPECT_EQ(status(exchange), 401U);
}

TEST_F(Door, AnswersCalls) {
  auto exchange = ask(http::Method::kPost, "/jmap/api",
                      R"({"using":["urn:ietf:params:jmap:core"],"methodCalls":[["Core/echo",{"a":1},"c"]]})",
                      {{"content-type", "application/json; charset=utf-8"}});
  serve(exchange);
  EXPECT_EQ(status(exchange), 200U);
  EXPECT_TRUE(exchange.body.starts_with(R"({"methodResponses":[["Core/echo",{"a":1},"c"]])"))
      << exchange.body;
  auto broken = ask(http::Method::kPost, "/jmap/api", "{", {{"content-type", "application/json"}});
  serve(broken);
  EXPECT_EQ(status(broken), 400U);
  EXPECT_EQ(field(broken, "content-type"), "application/problem+json");
  auto text = ask(http::Method::kPost, "/jmap/api", "{}", {{"content-type", "text/plain"}});
  serve(text);
  EXPECT_EQ(status(text), 400U);
}

TEST_F(Door, TakesAndGivesBlobs) {
  auto up = ask(http::Method::kPost, "/jmap/upload/A7/", "0123456789", {{"content-type", "text/plain"}});
  serve(up);
  EXPECT_EQ(status(up), 201U);
  const std::string id = at(*Json::parse(up.body), "blobId");
  EXPECT_EQ(at(*Json::parse(up.body), "size"), "10");

  auto down =
      ask(http::Method::kGet, fmt::format("/jmap/download/A7/{}/men%C3%BC%22.html?accept=text/html", id));
  serve(down);
  EXPECT_EQ(status(down), 200U);
  EXPECT_EQ(down.body, "0123456789");
  EXPECT_EQ(field(down, "content-type"), "text/html");
  EXPECT_EQ(field(down, "content-disposition"), "attachment; filename*=UTF-8''men%C3%BC%22.html");
  EXPECT_EQ(field(down, "content-security-policy"), "sandbox; default-src 'none'");
  EXPECT_EQ(field(down, "x-content-type-options"), "nosniff");

  auto part =
      ask(http::Method::kGet, fmt::format("/jmap/download/A7/{}/x", id), {}, {{"range", "bytes=2-4"}});
  serve(part);
  EXPECT_EQ(status(part), 206U);
  EXPECT_EQ(part.body, "234");
  EXPECT_EQ(field(part, "content-range"), "bytes 2-4/10");
  EXPECT_EQ(field(part, "content-type"), "application/octet-stream");

  auto known = ask(http::Method::kGet, fmt::format("/jmap/download/A7/{}/x", id), {},
                   {{"if-none-match", fmt::format("\"{}\"", id)}});
  serve(known);
  EXPECT_EQ(status(known), 304U);

  auto odd = ask(http::Method::kGet, fmt::format("/jmap/download/A7/{}/x?accept=a/b%0d%0aX:%20y", id));
  serve(odd);
  EXPECT_EQ(field(odd, "content-type"), "application/octet-stream");
  for (const std::string& path :
       {fmt::format("/jmap/download/A8/{}/x", id), std::string("/jmap/download/A7/B1/x"),
        std::string("/jmap/download/A7"), std::string("/jmap/download/A7/zzz/x")}) {
    auto none = ask(http::Method::kGet, path);
    serve(none);
    if (path != "/jmap/download/A7") EXPECT_EQ(status(none), 404U) << path;
  }
  auto foreign = ask(http::Method::kPost, "/jmap/upload/A8/", "x");
  serve(foreign);
  EXPECT_EQ(status(foreign), 404U);
}

TEST_F(Door, GivesLettersAndTheirParts) {
  append(
      {"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: image/png\r\n"
       "Content-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--b--\r\n"});
  auto part = ask(http::Method::kGet, "/jmap/download/A7/B1-1/x.png?accept=image/png");
  serve(part);
  EXPECT_EQ(part.body, "hello");
  auto whole = ask(http::Method::kGet, "/jmap/download/A7/B1/x.eml");
  serve(whole);
  EXPECT_TRUE(whole.body.starts_with("Subject: x\r\n"));
}

TEST_F(Door, PushesStateChanges) {
  append({"a"});
  auto exchange =
      ask(http::Method::kGet, "/jmap/eventsource?types=Email,EmailDelivery,Kimchi&closeafter=no&ping=30");
  net::Scope scope(loop_.loop(), nullptr, [](std::exception_ptr) { ADD_FAILURE(); });
  scope.spawn(door_.serve(exchange));
  loop_.settle();
  EXPECT_TRUE(exchange.began);
  const std::size_t before = exchange.body.size();
  append({"b"});
  loop_.settle();
  EXPECT_NE(
      exchange.body.find(fmt::format(R"({{"A7":{{"Email":"{}","EmailDelivery":"M2"}}}})", state()), before),
      std::string::npos)
      << exchange.body;
  const std::size_t between = exchange.body.size();
  change(mailbox::SetFlags{mailbox::kInbox, uids(1), mailbox::FlagEdit::kAdd, {mailbox::kSeen}});
  loop_.settle();
  EXPECT_EQ(exchange.body.find("EmailDelivery", between), std::string::npos);
  EXPECT_NE(exchange.body.find("\"Email\"", between), std::string::npos);
  run([&]() -> net::Task<Result<void>> {
    return net::sleep_until(loop_.loop().in(std::chrono::seconds(31)));
  }());
  loop_.settle();
  EXPECT_NE(exchange.body.find("event: ping\ndata: {\"interval\":30}"), std::string::npos) << exchange.body;
  exchange.leave();
  loop_.run_until_done([&]() -> net::Task<Result<void>> {
    co_await scope.join();
    co_return Result<void>();
  }());
}

TEST_F(Door, AnEventStreamEndsAfterAStateIfAsked) {
  append({"a"});
  auto exchange = ask(http::Method::kGet, "/jmap/eventsource?types=*&closeafter=state&ping=0", {},
                      {{"last-event-id", "0"}});
  serve(exchange);
  EXPECT_TRUE(exchange.ended);
  EXPECT_NE(exchange.body.find("StateChange"), std::string::npos);
  auto wrong = ask(http::Method::kGet, "/jmap/eventsource?types=*&closeafter=never&ping=0");
  serve(wrong);
  EXPECT_EQ(status(wrong), 400U);
}

}  // namespace
}  // namespace pabal::jmap
