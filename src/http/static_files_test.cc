#include "http/static_files.h"

#include <gtest/gtest.h>

#include "http/testing.h"
#include "net/testing.h"

namespace pabal::http {
namespace {

constexpr EmbeddedFile kFiles[] = {
    {"/index.html", "aa", "<page>", "gz page", "br page"},
    {"/assets/app-1.js", "bb", "script", "gz script"},
    {"/favicon.svg", "cc", "<svg/>"},
};

struct StaticFilesTest : testing::Test {
  Response get(std::string target, Fields fields = {}) {
    FakeExchange exchange(Request{.target = std::move(target), .fields = std::move(fields)});
    loop.run_until_done(files.serve(exchange));
    return {exchange.head.status, exchange.head.fields, exchange.body};
  }
  net::SimulatedLoop loop;
  StaticFiles files{kFiles, {.content_security_policy = std::string(kAppPolicy)}};
};

TEST_F(StaticFilesTest, ServesWhatTheClientTakes) {
  EXPECT_EQ(get("/").body.view(), "<page>");
  EXPECT_EQ(get("/", {{"accept-encoding", "gzip, deflate, br"}}).body.view(), "br page");
  EXPECT_EQ(get("/", {{"accept-encoding", "gzip;q=0.5, br;q=0"}}).body.view(), "gz page");
  EXPECT_EQ(get("/", {{"accept-encoding", "gzip;q=0, br;q=0.000"}}).body.view(), "<page>");
  const Response script = get("/assets/app-1.js", {{"accept-encoding", "br, gzip"}});
  EXPECT_EQ(script.body.view(), "gz script");
  EXPECT_EQ(script.fields.find("content-encoding"), "gzip");
  EXPECT_EQ(script.fields.find("content-type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(script.fields.find("cache-control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(script.fields.find("vary"), "accept-encoding");
  EXPECT_EQ(get("/favicon.svg", {{"accept-encoding", "br"}}).body.view(), "<svg/>");
}

TEST_F(StaticFilesTest, SaysWhenTheClientHasItAlready) {
  const Response page = get("/index.html");
  EXPECT_EQ(page.fields.find("etag"), "\"aa\"");
  EXPECT_EQ(page.fields.find("cache-control"), "no-cache");
  const Response again = get("/index.html", {{"if-none-match", "\"aa\""}});
  EXPECT_EQ(again.status, Status::kNotModified);
  EXPECT_EQ(again.body.view(), "");
  EXPECT_EQ(get("/", {{"if-none-match", "\"aa\""}, {"accept-encoding", "br"}}).body.view(), "br page");
  EXPECT_EQ(get("/", {{"if-none-match", "\"aa-br\""}, {"accept-encoding", "br"}}).status,
            Status::kNotModified);
}

TEST_F(StaticFilesTest, GivesPagesToBrowsersThatAskForOne) {
  EXPECT_EQ(get("/mail/inbox", {{"accept", "text/html,*/*"}}).body.view(), "<page>");
  EXPECT_EQ(get("/mail/inbox", {{"accept", "application/json"}}).status, Status::kNotFound);
  EXPECT_EQ(get("/assets/app-0.js", {{"accept", "text/html"}}).status, Status::kNotFound);
  EXPECT_EQ(get("/../etc/passwd").status, Status::kNotFound);
}

TEST_F(StaticFilesTest, DocumentsHaveTheirPolicy) {
  EXPECT_EQ(get("/").fields.find("content-security-policy"), kAppPolicy);
  EXPECT_EQ(get("/").fields.find("cross-origin-opener-policy"), "same-origin");
  EXPECT_EQ(get("/favicon.svg").fields.find("content-security-policy"), std::nullopt);
}

}  // namespace
}  // namespace pabal::http
