#include "http/router.h"

#include <gtest/gtest.h>

#include "http/testing.h"
#include "net/testing.h"

namespace pabal::http {
namespace {

class Says final : public Handler {
 public:
  explicit Says(std::string word) : word_(std::move(word)) {}
  net::Task<void> serve(Exchange& exchange) override {
    std::ignore = co_await exchange.respond(text_response(word_));
  }

 private:
  const std::string word_;
};

struct RouterTest : testing::Test {
  RouterTest() {
    router.add("/jmap/api", {Method::kPost}, api);
    router.add("/jmap", {Method::kGet, Method::kPost}, session);
    router.add_prefix("/jmap/download/", {Method::kGet}, download);
    router.add_prefix("/jmap/", {Method::kGet}, rest);
  }
  Response ask(Method method, std::string target) {
    FakeExchange exchange(Request{.method = method, .target = std::move(target)});
    loop.run_until_done(router.serve(exchange));
    return {exchange.head.status, exchange.head.fields, exchange.body};
  }

  net::SimulatedLoop loop;
  Says api{"api"}, session{"session"}, download{"download"}, rest{"rest"};
  Router router;
};

TEST_F(RouterTest, FindsTheExactPathThenTheLongestPrefix) {
  EXPECT_EQ(ask(Method::kPost, "/jmap/api").body.view(), "api");
  EXPECT_EQ(ask(Method::kGet, "/jmap?x=/jmap/api").body.view(), "session");
  EXPECT_EQ(ask(Method::kGet, "/jmap/download/a/b").body.view(), "download");
  EXPECT_EQ(ask(Method::kGet, "/jmap/downloads").body.view(), "rest");
  EXPECT_EQ(ask(Method::kHead, "/jmap/zebra").body.view(), "rest");
}

TEST_F(RouterTest, SaysWhichMethodsAnAddressTakes) {
  EXPECT_EQ(ask(Method::kGet, "/nothing").status, Status::kNotFound);
  EXPECT_EQ(ask(Method::kGet, "/").status, Status::kNotFound);
  const Response refused = ask(Method::kDelete, "/jmap");
  EXPECT_EQ(refused.status, Status::kMethodNotAllowed);
  EXPECT_EQ(refused.fields.find("Allow"), "GET, HEAD, POST, OPTIONS");
  const Response options = ask(Method::kOptions, "/jmap/api");
  EXPECT_EQ(options.status, Status::kNoContent);
  EXPECT_EQ(options.fields.find("Allow"), "POST, OPTIONS");
}

TEST(Exchange, ReadsABodyUpToItsLimit) {
  net::SimulatedLoop loop;
  for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, SIZE_MAX}) {
    FakeExchange fits(Request{.method = Method::kPost}, "twelve bytes", piece);
    EXPECT_EQ(loop.run_until_done(fits.read_all(12)), "twelve bytes");
    FakeExchange large(Request{.method = Method::kPost}, "thirteen byte", piece);
    const auto refused = loop.run_until_done(large.read_all(12));
    ASSERT_FALSE(refused);
    EXPECT_EQ(problem_for(refused.error()).status, Status::kContentTooLarge);
  }
}

TEST(Request, FindsParameters) {
  const Request request{.target = "/a%20b?name=a+b%2Bc&empty&bad=%4&n%61me=second"};
  EXPECT_EQ(request.path(), "/a%20b");
  EXPECT_EQ(request.query_parameter("name"), "a b+c");
  EXPECT_EQ(request.query_parameter("empty"), "");
  EXPECT_EQ(request.query_parameter("bad"), std::nullopt);
  EXPECT_EQ(request.query_parameter("other"), std::nullopt);
  EXPECT_EQ(percent_decode("%00"), std::nullopt);
  EXPECT_EQ(percent_decode(percent_encode("편지/a b%")), "편지/a b%");
  EXPECT_EQ(Request{.host = "mail.crepes.fr:8080"}.host_name(), "mail.crepes.fr");
  EXPECT_EQ(Request{.host = "[::1]"}.host_name(), "[::1]");
  EXPECT_EQ(Request{.host = "[::1]:80"}.host_name(), "[::1]");
}

TEST(Fields, FindsNamesInAnyCaseAndTokensInLists) {
  Fields fields{{"Accept-Encoding", "gzip"}, {"Connection", "Keep-Alive , close"}, {"accept-encoding", "br"}};
  EXPECT_EQ(fields.find("ACCEPT-encoding"), "gzip");
  EXPECT_EQ(fields.count("accept-encoding"), 2u);
  EXPECT_EQ(fields[1].name, "connection");
  EXPECT_TRUE(fields.lists("connection", "Close"));
  EXPECT_TRUE(fields.lists("accept-encoding", "br"));
  EXPECT_FALSE(fields.lists("connection", "clos"));
  fields.set("accept-encoding", "identity");
  EXPECT_EQ(fields.count("accept-encoding"), 1u);
}

TEST(Response, WritesAProblemAsJson) {
  const Response answer = problem(Status::kBadRequest, "a \"quoted\"\nline \xff");
  EXPECT_EQ(answer.body.view(),
            "{\"type\":\"about:blank\",\"status\":400,\"title\":\"Bad Request\","
            "\"detail\":\"a \\\"quoted\\\"\\nline \xef\xbf\xbd\"}\n");
}

}  // namespace
}  // namespace pabal::http
