// HTTP/2 as it goes over a connection, with libnghttp2 as the client.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <map>

#include "http/server.h"
#include "net/memory_stream.h"
#include "net/testing.h"

namespace pabal::http {
namespace {

using testing::HasSubstr;

class Echo final : public Handler {
 public:
  net::Task<void> serve(Exchange& exchange) override {
    ++at_work;
    const Request& request = exchange.request();
    if (request.path() == "/listen") {
      co_await listen(exchange);
    } else if (request.path() == "/unread") {
      std::ignore = co_await exchange.respond(text_response("no, thanks"));
    } else if (request.path() == "/throw") {
      --at_work;
      throw std::logic_error("a bug");
    } else if (request.path() == "/half") {
      std::ignore = co_await exchange.begin({}, std::nullopt);
      std::ignore = co_await exchange.write("half");
    } else if (request.path() != "/forget") {
      auto body = co_await exchange.read_all(1'000'000);
      std::ignore =
          co_await exchange.respond(body ? text_response(fmt::format("{} {} {} {}", to_string(request.method),
                                                                     request.host, request.target, *body))
                                         : problem_for(body.error()));
    }
    --at_work;
  }

  net::Task<void> listen(Exchange& exchange) {
    const net::Context context = co_await net::current_context();
    std::ignore = co_await exchange.begin({}, std::nullopt);
    std::ignore = co_await exchange.write("one");
    std::ignore = co_await net::sleep_until(net::Deadline::never()).in({context.loop, &exchange.until()});
    std::ignore = co_await exchange.end();
  }
  int at_work = 0;
};

struct Answer {
  std::map<std::string, std::string> fields;
  std::string body;
  std::optional<std::uint32_t> closed;  // with this error
};

/// A client that takes what it is told to take, and whose every byte the test may see.
class Client {
 public:
  Client(net::SimulatedLoop& loop, std::unique_ptr<net::Stream> stream)
      : loop_(loop), stream_(std::move(stream)) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_option* choices = nullptr;
    nghttp2_option_new(&choices);
    nghttp2_option_set_no_auto_window_update(choices, 1);
    nghttp2_session_client_new2(&http2_, callbacks, this, choices);
    nghttp2_option_del(choices);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(http2_, NGHTTP2_FLAG_NONE, nullptr, 0);
  }
  ~Client() { nghttp2_session_del(http2_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  std::int32_t ask(std::string method, std::string path, std::string body = {},
                   std::vector<std::pair<std::string, std::string>> more = {}) {
    std::vector<std::pair<std::string, std::string>> fields = {
        {":method", method}, {":scheme", "https"}, {":authority", "Mail.Crepes.fr"}, {":path", path}};
    fields.insert(fields.end(), more.begin(), more.end());
    std::vector<nghttp2_nv> list;
    for (auto& [name, value] : fields) {
      list.push_back({reinterpret_cast<std::uint8_t*>(name.data()),
                      reinterpret_cast<std::uint8_t*>(value.data()), name.size(), value.size(),
                      NGHTTP2_NV_FLAG_NONE});
    }
    nghttp2_data_provider provider{};
    provider.read_callback = on_body;
    const std::int32_t stream = nghttp2_submit_request(http2_, nullptr, list.data(), list.size(),
                                                       body.empty() ? nullptr : &provider, nullptr);
    bodies_[stream] = std::move(body);
    return stream;
  }
  void cancel(std::int32_t stream) { nghttp2_submit_rst_stream(http2_, 0, stream, NGHTTP2_CANCEL); }
  nghttp2_session* session() { return http2_; }
  /// Its windows are never widened from here on.
  void stop_taking() { takes_ = false; }

  void send_raw(std::string_view bytes) {
    const std::string_view pieces[] = {bytes};
    std::ignore = loop_.run_until_done(stream_->write_all(pieces, loop_.loop().in(std::chrono::seconds(1))));
  }
  /// Both sides say all they have to say.
  void talk() {
    for (bool more = true; more;) {
      more = false;
      const std::uint8_t* bytes = nullptr;
      while (const auto size = nghttp2_session_mem_send(http2_, &bytes)) {
        if (size < 0) break;
        more = true;
        send_raw({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)});
      }
      loop_.settle();
      char buffer[65536];
      const auto size =
          loop_.run_until_done(stream_->read_some(buffer, loop_.loop().in(std::chrono::nanoseconds(1))));
      if (size && *size == 0) ended = true;
      if (!size || *size == 0) continue;
      more = true;
      nghttp2_session_mem_recv(http2_, reinterpret_cast<const std::uint8_t*>(buffer), *size);
    }
  }
  Answer& answer(std::int32_t stream) { return answers_[stream]; }

  std::optional<std::uint32_t> goaway;
  bool ended = false;

 private:
  static Client& self(void* data) { return *static_cast<Client*>(data); }
  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size, std::uint8_t,
                       void* data) {
    self(data)
        .answers_[frame->hd.stream_id]
        .fields[std::string(reinterpret_cast<const char*>(name), name_size)] =
        std::string(reinterpret_cast<const char*>(value), value_size);
    return 0;
  }
  static int on_data(nghttp2_session* http2, std::uint8_t, std::int32_t stream, const std::uint8_t* bytes,
                     std::size_t size, void* data) {
    self(data).answers_[stream].body.append(reinterpret_cast<const char*>(bytes), size);
    if (self(data).takes_) nghttp2_session_consume(http2, stream, size);
    return 0;
  }
  static int on_close(nghttp2_session*, std::int32_t stream, std::uint32_t error, void* data) {
    self(data).answers_[stream].closed = error;
    return 0;
  }
  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* data) {
    if (frame->hd.type == NGHTTP2_GOAWAY) self(data).goaway = frame->goaway.error_code;
    return 0;
  }
  static ssize_t on_body(nghttp2_session*, std::int32_t stream, std::uint8_t* into, std::size_t capacity,
                         std::uint32_t* flags, nghttp2_data_source*, void* data) {
    std::string& body = self(data).bodies_[stream];
    const std::size_t size = std::min(capacity, body.size());
    body.copy(reinterpret_cast<char*>(into), size);
    body.erase(0, size);
    if (body.empty()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(size);
  }

  net::SimulatedLoop& loop_;
  std::unique_ptr<net::Stream> stream_;
  nghttp2_session* http2_ = nullptr;
  bool takes_ = true;
  std::map<std::int32_t, std::string> bodies_;
  std::map<std::int32_t, Answer> answers_;
};

struct Http2 : testing::Test {
  net::Task<void> serve(std::unique_ptr<net::Stream> stream) {
    summary = co_await serve_http(std::move(stream), echo, options, draining);
  }
  void connect(std::size_t max_read_bytes = SIZE_MAX) {
    auto [ours, theirs] =
        net::make_memory_streams({.capacity_bytes = 1 << 20, .max_read_bytes = max_read_bytes});
    client.emplace(loop, std::move(theirs));
    server.spawn(serve(std::move(ours)));
  }
  void disconnect() {
    client.reset();
    loop.run_until_done(server.join());
  }
  ~Http2() override { disconnect(); }

  net::SimulatedLoop loop;
  Echo echo;
  ServerOptions options;
  net::CancelSource draining;
  net::Scope server{loop.loop()};
  SessionSummary summary;
  std::optional<Client> client;
};

TEST_F(Http2, AnswersSeveralRequestsAtATime) {
  for (const std::size_t piece : {SIZE_MAX, std::size_t{1}}) {
    connect(piece);
    const auto listener = client->ask("GET", "/listen");
    const auto get = client->ask("GET", "/a?b");
    const auto post = client->ask("POST", "/c", "hello");
    client->talk();
    EXPECT_EQ(client->answer(get).body, "GET mail.crepes.fr /a?b ");
    EXPECT_EQ(client->answer(get).fields.at(":status"), "200");
    EXPECT_EQ(client->answer(get).fields.at("date"), "Thu, 01 Jan 2026 00:00:00 GMT");
    EXPECT_EQ(client->answer(get).fields.at("content-length"), "24");
    EXPECT_EQ(client->answer(get).closed, 0u);
    EXPECT_EQ(client->answer(post).body, "POST mail.crepes.fr /c hello");
    EXPECT_EQ(client->answer(listener).body, "one");
    EXPECT_EQ(client->answer(listener).closed, std::nullopt);
    client->cancel(listener);
    client->talk();
    EXPECT_EQ(echo.at_work, 0);
    disconnect();
    EXPECT_EQ(summary.version, Version::kHttp2);
    EXPECT_EQ(summary.requests, 3u);
  }
}

TEST_F(Http2, CarriesBodiesOfAnySizeUnderFlowControl) {
  connect();
  const std::string large(900'000, 'x');
  const auto first = client->ask("POST", "/a", large);
  const auto second = client->ask("POST", "/b", large);
  client->talk();
  EXPECT_EQ(client->answer(first).body, "POST mail.crepes.fr /a " + large);
  EXPECT_EQ(client->answer(second).body, "POST mail.crepes.fr /b " + large);
  const auto refused = client->ask("POST", "/c", std::string(1'000'001, 'x'));
  client->talk();
  EXPECT_EQ(client->answer(refused).fields.at(":status"), "413");
}

TEST_F(Http2, HeadAndUnreadBodiesAndJoinedCookies) {
  connect();
  const auto head = client->ask("HEAD", "/a");
  const auto unread = client->ask("POST", "/unread", std::string(300'000, 'x'));
  const auto cookies = client->ask("GET", "/b", {}, {{"cookie", "a=b"}, {"cookie", "c=d"}});
  client->talk();
  EXPECT_EQ(client->answer(head).body, "");
  EXPECT_EQ(client->answer(head).fields.at("content-length"), "23");
  EXPECT_EQ(client->answer(unread).body, "no, thanks");
  EXPECT_EQ(client->answer(unread).closed, 0u);
  EXPECT_EQ(client->answer(cookies).fields.at(":status"), "200");
  // The window of the body that nobody read is given back.
  const auto after = client->ask("POST", "/c", std::string(900'000, 'y'));
  client->talk();
  EXPECT_EQ(client->answer(after).fields.at(":status"), "200");
}

TEST_F(Http2, RefusesWhatIsNoRequest) {
  connect();
  const auto large = client->ask("GET", "/a", {}, {{"x", std::string(17'000, 'a')}});
  const auto long_path = client->ask("GET", "/" + std::string(9'000, 'a'));
  const auto fragment = client->ask("GET", "/a#b");
  client->talk();
  EXPECT_EQ(client->answer(large).fields.at(":status"), "431");
  EXPECT_EQ(client->answer(long_path).fields.at(":status"), "414");
  EXPECT_EQ(client->answer(fragment).fields.at(":status"), "400");
  EXPECT_EQ(client->goaway, std::nullopt);
}

TEST_F(Http2, AnswersForAHandlerThatForgotOrFailed) {
  int bugs = 0;
  options.on_bug = [&](std::exception_ptr) { ++bugs; };
  connect();
  const auto forgot = client->ask("GET", "/forget");
  const auto threw = client->ask("GET", "/throw");
  const auto half = client->ask("GET", "/half");
  client->talk();
  EXPECT_EQ(client->answer(forgot).fields.at(":status"), "500");
  EXPECT_EQ(client->answer(threw).fields.at(":status"), "500");
  EXPECT_EQ(bugs, 1);
  EXPECT_EQ(client->answer(half).closed, NGHTTP2_INTERNAL_ERROR);
}

TEST_F(Http2, LetsAClientGoThatDoesNotTakeItsAnswer) {
  connect();
  const nghttp2_settings_entry narrow{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 10};
  nghttp2_submit_settings(client->session(), 0, &narrow, 1);
  client->stop_taking();
  const auto stream = client->ask("POST", "/a", std::string(100, 'x'));
  client->talk();
  EXPECT_EQ(client->answer(stream).body.size(), 10u);
  EXPECT_EQ(echo.at_work, 1);
  loop.run_until_done(net::sleep_until(loop.loop().in(std::chrono::seconds(31))));
  EXPECT_EQ(echo.at_work, 0);
  client->talk();
  EXPECT_EQ(client->answer(stream).closed, NGHTTP2_INTERNAL_ERROR);
}

TEST_F(Http2, ResetStreamsCountWhileTheirHandlersWork) {
  options.http2.max_streams = 10;
  connect();
  for (int i = 0; i < 10; ++i) client->ask("GET", "/listen");
  client->talk();
  EXPECT_EQ(echo.at_work, 10);
  for (std::int32_t stream = 1; stream < 20; stream += 2) client->cancel(stream);
  client->talk();
  EXPECT_EQ(echo.at_work, 0);
  const auto next = client->ask("GET", "/a");
  client->talk();
  EXPECT_EQ(client->answer(next).fields.at(":status"), "200");
}

TEST_F(Http2, EndsARapidReset) {
  connect();
  client->talk();
  for (int i = 0; i < 3000; ++i) {
    const auto stream = client->ask("GET", "/listen");
    const std::uint8_t* bytes = nullptr;
    while (const auto size = nghttp2_session_mem_send(client->session(), &bytes))
      client->send_raw({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)});
    client->cancel(stream);
  }
  client->talk();
  EXPECT_TRUE(client->goaway);
  EXPECT_TRUE(client->ended);
  EXPECT_EQ(echo.at_work, 0);
}

TEST_F(Http2, EndsFloods) {
  using namespace std::string_view_literals;
  struct Flood {
    std::string_view name, frame;
  };
  const Flood floods[] = {
      {"settings", "\0\0\0\x04\0\0\0\0\0"sv},
      {"ping", "\0\0\x08\x06\0\0\0\0\0abcdefgh"sv},
      {"window", "\0\0\x04\x08\0\0\0\0\0\0\0\0\x01"sv},
      {"priority", "\0\0\x05\x02\0\0\0\0\x21\0\0\0\0\0"sv},
  };
  for (const Flood& flood : floods) {
    connect();
    client->talk();
    std::string many;
    for (int i = 0; i < 100; ++i) many += flood.frame;
    for (int i = 0; i < 25; ++i) {
      client->send_raw(many);
      loop.settle();
    }
    client->talk();
    const bool ended = client->ended;
    disconnect();
    EXPECT_TRUE(ended) << flood.name;
    EXPECT_EQ(summary.detail, "too many frames that bring nothing") << flood.name;
  }
}

TEST_F(Http2, FinishesWhatWasBegunWhenTheServerStops) {
  connect();
  const auto listener = client->ask("GET", "/listen");
  client->talk();
  draining.cancel();
  client->talk();
  EXPECT_EQ(client->goaway, 0u);
  EXPECT_EQ(client->answer(listener).closed, 0u);
  EXPECT_TRUE(client->ended);
}

TEST_F(Http2, EndsAnIdleConnection) {
  connect();
  client->talk();
  loop.run_until_done(net::sleep_until(loop.loop().in(std::chrono::seconds(121))));
  client->talk();
  EXPECT_EQ(client->goaway, 0u);
  EXPECT_TRUE(client->ended);
}

TEST_F(Http2, EndsAConnectionThatBreaksTheProtocol) {
  connect();
  client->talk();
  client->send_raw(std::string_view("\0\0\x01\x06\0\0\0\0\0a", 10));  // a PING of one byte
  client->talk();
  EXPECT_EQ(client->goaway, NGHTTP2_FRAME_SIZE_ERROR);
  EXPECT_TRUE(client->ended);
}

}  // namespace
}  // namespace pabal::http
