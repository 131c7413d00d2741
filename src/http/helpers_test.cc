// Ranges, event streams and credentials: what handlers use.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "http/credentials.h"
#include "http/event_stream.h"
#include "http/range.h"
#include "http/testing.h"
#include "net/testing.h"

namespace pabal::http {
namespace {

TEST(Range, ChoosesWhatToSend) {
  struct Case {
    std::string_view range, condition;
    Status status;
    std::uint64_t first, size;
  };
  const Case cases[] = {
      {"bytes=0-9", "", Status::kPartialContent, 0, 10},
      {"Bytes=90-", "", Status::kPartialContent, 90, 10},
      {"bytes=-5", "", Status::kPartialContent, 95, 5},
      {"bytes=-500", "", Status::kPartialContent, 0, 100},
      {"bytes=50-1000", "", Status::kPartialContent, 50, 50},
      {"bytes=50-18446744073709551615", "", Status::kPartialContent, 50, 50},
      {"bytes=100-", "", Status::kRangeNotSatisfiable, 0, 0},
      {"bytes=-0", "", Status::kRangeNotSatisfiable, 0, 0},
      {"bytes=0-9", "\"tag\"", Status::kPartialContent, 0, 10},
      {"bytes=0-9", "\"other\"", Status::kOk, 0, 100},
      {"bytes=0-9", "W/\"tag\"", Status::kOk, 0, 100},
      {"bytes=9-0", "", Status::kOk, 0, 100},
      {"bytes=0-9,20-29", "", Status::kOk, 0, 100},
      {"bytes=-", "", Status::kOk, 0, 100},
      {"bytes=a-b", "", Status::kOk, 0, 100},
      {"lines=0-9", "", Status::kOk, 0, 100},
      {"bytes=99999999999999999999-", "", Status::kOk, 0, 100},
  };
  for (const Case& each : cases) {
    Request request{.fields = {{"range", each.range}}};
    if (!each.condition.empty()) request.fields.add("if-range", each.condition);
    const Slice slice = choose_slice(request, 100, "\"tag\"");
    EXPECT_EQ(slice.status, each.status) << each.range;
    EXPECT_EQ(slice.first, each.first) << each.range;
    EXPECT_EQ(slice.size, each.size) << each.range;
  }
  Fields fields;
  choose_slice(Request{.fields = {{"range", "bytes=-5"}}}, 100, "").describe(100, fields);
  EXPECT_EQ(fields.find("content-range"), "bytes 95-99/100");
  EXPECT_EQ(choose_slice(Request{.method = Method::kHead, .fields = {{"range", "bytes=0-1"}}}, 9, "").status,
            Status::kOk);
  EXPECT_EQ(choose_slice(Request{.fields = {{"range", "bytes=0-1"}}}, 0, "").status,
            Status::kRangeNotSatisfiable);
}

TEST(Range, KnowsWhatTheClientHas) {
  EXPECT_TRUE(has_already(Request{.fields = {{"if-none-match", "\"a\", W/\"b\""}}}, "\"b\""));
  EXPECT_TRUE(has_already(Request{.fields = {{"if-none-match", "*"}}}, "\"b\""));
  EXPECT_FALSE(has_already(Request{.fields = {{"if-none-match", "\"a\""}}}, "\"b\""));
  EXPECT_FALSE(has_already(Request{}, "\"b\""));
}

TEST(EventStream, WritesEvents) {
  net::SimulatedLoop loop;
  FakeExchange exchange(Request{});
  EventStream events(exchange);
  EXPECT_TRUE(loop.run_until_done(events.begin(std::chrono::seconds(3))));
  EXPECT_TRUE(loop.run_until_done(events.send("state", "{\"a\":1}", "7")));
  EXPECT_TRUE(loop.run_until_done(events.send("text", "one\ntwo\r\nthree\r")));
  EXPECT_TRUE(loop.run_until_done(events.ping()));
  EXPECT_EQ(exchange.head.fields.find("content-type"), "text/event-stream");
  EXPECT_EQ(exchange.body,
            "retry: 3000\n\n"
            "id: 7\nevent: state\ndata: {\"a\":1}\n\n"
            "event: text\ndata: one\ndata: two\ndata: three\ndata: \n\n"
            ": ping\n\n");
  exchange.leave();
  EXPECT_FALSE(loop.run_until_done(events.ping()));
}

std::string shown(std::initializer_list<Fields::Field> fields) {
  const ShownCredentials credentials = shown_credentials(Request{.fields = fields}, "session");
  if (const auto* basic = std::get_if<BasicCredentials>(&credentials))
    return basic->name + " with " + std::string(basic->password.reveal());
  if (const auto* bearer = std::get_if<BearerCredentials>(&credentials))
    return "bearer " + std::string(bearer->token.reveal());
  if (const auto* cookie = std::get_if<CookieCredentials>(&credentials))
    return "cookie " + std::string(cookie->token.reveal());
  if (const auto* bad = std::get_if<BadCredentials>(&credentials)) return "bad: " + std::string(bad->why);
  return "nobody";
}

TEST(Credentials, AreShownInOneWay) {
  const std::string alice = "basic  " + to_base64("alice@crepes.fr:pan:cake");
  EXPECT_EQ(shown({{"authorization", alice}}), "alice@crepes.fr with pan:cake");
  EXPECT_EQ(shown({{"authorization", "Basic " + to_base64("김:비밀")}}), "김 with 비밀");
  EXPECT_EQ(shown({{"authorization", "BEARER abc-._~+/="}}), "bearer abc-._~+/=");
  EXPECT_EQ(shown({{"cookie", "a=b; session=xyz;c=d"}}), "cookie xyz");
  EXPECT_EQ(shown({{"cookie", "asession=xyz; session2=abc"}}), "nobody");
  EXPECT_EQ(shown({}), "nobody");
  using testing::StartsWith;
  EXPECT_THAT(shown({{"cookie", "session=xyz"}, {"authorization", alice}}),
              StartsWith("bad: a session's cookie and"));
  EXPECT_THAT(shown({{"authorization", alice}, {"authorization", alice}}), StartsWith("bad: there are two"));
  EXPECT_THAT(shown({{"authorization", "Basic !!!"}}), StartsWith("bad"));
  EXPECT_THAT(shown({{"authorization", "Basic " + to_base64("alice")}}), StartsWith("bad"));
  EXPECT_THAT(shown({{"authorization", "Basic " + to_base64("a:b\n")}}), StartsWith("bad"));
  EXPECT_THAT(shown({{"authorization", "Basic " + to_base64("a:\xff")}}), StartsWith("bad"));
  EXPECT_THAT(shown({{"authorization", "Basic"}}), StartsWith("bad"));
  EXPECT_THAT(shown({{"authorization", "Digest x"}}), StartsWith("bad: only Basic"));
  // A cookie twice is one that somebody smuggled in beside ours.
  EXPECT_EQ(shown({{"cookie", "session=a; session=b"}}), "nobody");
  EXPECT_EQ(shown({{"cookie", "session=a"}, {"cookie", "session=b"}}), "nobody");
}

}  // namespace
}  // namespace pabal::http
