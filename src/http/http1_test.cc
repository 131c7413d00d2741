// HTTP/1.1 as it goes over a connection.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/server.h"
#include "net/memory_stream.h"
#include "net/testing.h"

namespace pabal::http {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

/// `/echo` says the body back, `/stream` in pieces, `/forget` nothing, `/unread` something without reading.
class Echo final : public Handler {
 public:
  net::Task<void> serve(Exchange& exchange) override {
    const std::string_view path = exchange.request().path();
    if (path == "/forget") co_return;
    if (path == "/throw") throw std::logic_error("a bug");
    if (path == "/half") {
      std::ignore = co_await exchange.begin({}, std::nullopt);
      std::ignore = co_await exchange.write("half");
      co_return;
    }
    if (path == "/unread") {
      std::ignore = co_await exchange.respond(text_response("no, thanks"));
      co_return;
    }
    if (path == "/listen") co_return co_await listen(exchange);
    auto body = co_await exchange.read_all(200'000);
    if (!body) {
      failed = body.error().kind;
      std::ignore = co_await exchange.respond(problem_for(body.error()));
    } else if (path == "/stream") {
      std::ignore = co_await exchange.begin({}, std::nullopt);
      for (std::size_t at = 0; at < body->size(); at += 4) {
        std::ignore = co_await exchange.write(std::string_view(*body).substr(at, 4));
      }
      std::ignore = co_await exchange.end();
    } else {
      std::ignore = co_await exchange.respond(text_response(fmt::format("{} {}", path, *body)));
    }
  }

  net::Task<void> listen(Exchange& exchange) {
    const net::Context context = co_await net::current_context();
    std::ignore = co_await exchange.begin({}, std::nullopt);
    std::ignore = co_await net::sleep_until(net::Deadline::never()).in({context.loop, &exchange.until()});
    listener_ended = true;
    std::ignore = co_await exchange.end();
  }

  std::optional<ErrorKind> failed;
  bool listener_ended = false;
};

struct Http1 : testing::Test {
  net::Task<void> serve(std::unique_ptr<net::Stream> stream) {
    summary = co_await serve_http(std::move(stream), echo, options, draining);
  }
  void connect(std::size_t max_read_bytes = SIZE_MAX) {
    auto [ours, theirs] = net::make_memory_streams({.max_read_bytes = max_read_bytes});
    client = std::move(theirs);
    server.spawn(serve(std::move(ours)));
  }
  void send(std::string_view bytes) {
    const std::string_view pieces[] = {bytes};
    ASSERT_TRUE(loop.run_until_done(client->write_all(pieces, net::Deadline::never())));
    loop.settle();
  }
  /// What comes until the server ends the connection.
  std::string rest() {
    std::string out;
    char buffer[4096];
    for (;;) {
      const auto size = loop.run_until_done(client->read_some(buffer, net::Deadline::never()));
      if (!size || *size == 0) return out;
      out.append(buffer, *size);
    }
  }
  /// What is there now.
  std::string heard() {
    std::string out;
    char buffer[4096];
    for (;;) {
      loop.settle();
      const auto size =
          loop.run_until_done(client->read_some(buffer, loop.loop().in(std::chrono::nanoseconds(1))));
      if (!size || *size == 0) return out;
      out.append(buffer, *size);
    }
  }
  void hang_up() { ASSERT_TRUE(loop.run_until_done(client->shut_down(net::Deadline::never()))); }
  std::string talk(std::string_view bytes, std::size_t max_read_bytes = SIZE_MAX) {
    connect(max_read_bytes);
    send(bytes);
    hang_up();
    std::string out = rest();
    client.reset();
    loop.run_until_done(server.join());
    return out;
  }
  ~Http1() override {
    client.reset();
    server.cancel();
    loop.run_until_done(server.join());
  }

  net::SimulatedLoop loop;
  Echo echo;
  ServerOptions options;
  net::CancelSource draining;
  net::Scope server{loop.loop()};
  SessionSummary summary;
  std::unique_ptr<net::Stream> client;
};

std::string answer(std::string_view body) {
  return fmt::format(
      "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\ncontent-type: text/plain; charset=utf-8\r\n"
      "Content-Length: {}\r\n\r\n{}",
      body.size(), body);
}

TEST_F(Http1, AnswersOneRequestAfterTheOtherInOrder) {
  constexpr std::string_view kRequests =
      "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
      "\r\nPOST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
      "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x\r\nllo\r\n0\r\nT: t\r\n\r\n"
      "GET /d HTTP/1.1\r\nHost: x\r\n\r\n";
  const std::string want = answer("/a ") + answer("/b hello") + answer("/c hello") + answer("/d ");
  for (const std::size_t piece : {SIZE_MAX, std::size_t{1}, std::size_t{7}}) {
    EXPECT_EQ(talk(kRequests, piece), want) << piece;
    EXPECT_EQ(summary.requests, 4u);
  }
}

TEST_F(Http1, StreamsInChunks) {
  constexpr std::string_view kHead =
      "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(
      talk(
          "POST /stream HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabcdefGET /a HTTP/1.1\r\nHost: x\r\n\r\n"),
      std::string(kHead) + "4\r\nabcd\r\n2\r\nef\r\n0\r\n\r\n" + answer("/a "));
  EXPECT_THAT(
      talk(
          "POST /stream HTTP/1.0\r\nContent-Length: 6\r\nConnection: keep-alive\r\n\r\nabcdefGET /a HTTP/1.0\r\n\r\n"),
      testing::EndsWith("\r\nConnection: close\r\n\r\nabcdef"));
}

TEST_F(Http1, HeadHasTheSameHeadAndNoBody) {
  EXPECT_EQ(talk("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\nHEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n"),
            answer("/a ").substr(0, answer("/a ").size() - 3) +
                "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n\r\n");
}

TEST_F(Http1, SaysContinueWhenTheBodyIsWanted) {
  connect();
  send("POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(heard(), "HTTP/1.1 100 Continue\r\n\r\n");
  send("hello");
  EXPECT_EQ(heard(), answer("/b hello"));
  // Nobody knows whether that client sends its body now: so no other request can follow.
  send("POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_THAT(rest(), HasSubstr("Connection: close\r\n\r\nno, thanks"));
}

TEST_F(Http1, DropsABodyThatNobodyRead) {
  const std::string small = "POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";
  EXPECT_EQ(talk(small + "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"), answer("no, thanks") + answer("/a "));
  const std::string large =
      "POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n" + std::string(60'000, 'a');
  EXPECT_THAT(talk(large), HasSubstr("Connection: close\r\n\r\nno, thanks"));
}

TEST_F(Http1, RefusesABodyOverItsLimitBeforeItComes) {
  EXPECT_THAT(talk("POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 200001\r\n\r\n"),
              StartsWith("HTTP/1.1 413 Content Too Large\r\n"));
  EXPECT_EQ(echo.failed, ErrorKind::kOverLimit);
}

TEST_F(Http1, EndsTheConnectionAfterAFault) {
  EXPECT_EQ(talk("GET / HTTP/1.1\r\n\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\n"),
            "HTTP/1.1 400 Bad Request\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
            "content-type: application/problem+json\r\ncache-control: no-store\r\nContent-Length: 134\r\n"
            "Connection: close\r\n\r\n"
            "{\"type\":\"about:blank\",\"status\":400,\"title\":\"Bad Request\","
            "\"detail\":\"The request can't be read: a request has exactly one Host field.\"}\n");
  EXPECT_EQ(summary.faults, 1u);
  EXPECT_THAT(
      talk("POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nGET /a HTTP/1.1\r\n\r\n"),
      testing::AllOf(StartsWith("HTTP/1.1 400"), HasSubstr("Connection: close"),
                     testing::Not(HasSubstr("200 OK"))));
  EXPECT_THAT(talk(std::string(20'000, 'a')), StartsWith("HTTP/1.1 414 "));
  EXPECT_THAT(talk("GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(20'000, 'a') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431 "));
}

TEST_F(Http1, AnswersForAHandlerThatForgotOrFailed) {
  EXPECT_THAT(talk("GET /forget HTTP/1.1\r\nHost: x\r\n\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\n"),
              testing::AllOf(StartsWith("HTTP/1.1 500 "), testing::EndsWith(answer("/a "))));
  int bugs = 0;
  options.on_bug = [&](std::exception_ptr) { ++bugs; };
  EXPECT_THAT(talk("GET /throw HTTP/1.1\r\nHost: x\r\n\r\n"),
              testing::AllOf(StartsWith("HTTP/1.1 500 "), HasSubstr("Connection: close")));
  EXPECT_EQ(bugs, 1);
  // Half an answer does not look like a whole one.
  EXPECT_THAT(talk("GET /half HTTP/1.1\r\nHost: x\r\n\r\n"), testing::EndsWith("4\r\nhalf\r\n"));
}

TEST_F(Http1, LetsSlowClientsGo) {
  connect();
  send("GET / HTTP/1.1\r\nHo");
  EXPECT_THAT(rest(), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
  client.reset();

  connect();
  send("POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nabc");
  EXPECT_THAT(rest(), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_EQ(echo.failed, ErrorKind::kDeadline);
  client.reset();

  // A byte now and then is no progress either.
  connect();
  send("POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
  for (int i = 0; i < 35; ++i) {
    loop.run_until_done(net::sleep_until(loop.loop().in(std::chrono::seconds(1))));
    if (i < 25) send("a");
  }
  EXPECT_THAT(rest(), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
  client.reset();

  connect();  // and one that says nothing at all
  EXPECT_EQ(rest(), "");
}

TEST_F(Http1, NoticesThatAListenerWent) {
  connect();
  send("GET /listen HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(heard(), HasSubstr("Transfer-Encoding: chunked"));
  EXPECT_FALSE(echo.listener_ended);
  client.reset();
  loop.settle();
  EXPECT_TRUE(echo.listener_ended);
}

TEST_F(Http1, EndsWhenTheServerStops) {
  connect();
  send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(heard(), answer("/a "));
  draining.cancel();
  EXPECT_EQ(rest(), "");
  client.reset();
}

TEST_F(Http1, FinishesWhatWasBegunWhenTheServerStops) {
  connect();
  send("POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe");
  draining.cancel();
  loop.settle();
  send("llo");
  EXPECT_THAT(rest(), testing::AllOf(HasSubstr("Connection: close"), testing::EndsWith("/b hello")));
}

TEST_F(Http1, EndsAStreamInOrderWhenTheServerStops) {
  connect();
  send("GET /listen HTTP/1.1\r\nHost: x\r\n\r\n");
  draining.cancel();
  EXPECT_THAT(rest(), testing::EndsWith("\r\n0\r\n\r\n"));
}

}  // namespace
}  // namespace pabal::http
