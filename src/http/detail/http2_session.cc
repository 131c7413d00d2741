// HTTP/2 (RFC 9113) by libnghttp2, which is seen in this file alone. One task reads and feeds the library;
// one writes what the library has to say; each request runs in a task of its own. The library never waits and
// calls back at once, so all state changes in the reading task or in a stream's own.
#include <nghttp2/nghttp2.h>

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/check.h"
#include "http/detail/http2_exchange.h"
#include "http/grammar/date.h"
#include "net/scope.h"

namespace pabal::http {
namespace {

struct FreeSession {
  void operator()(nghttp2_session* session) const { ::nghttp2_session_del(session); }
};

/// So many bytes that go either way make up for one frame that brings nothing.
constexpr std::size_t kBytesPerFrame = 256;
constexpr std::chrono::minutes kCountedFor{1};

std::uint8_t* as_bytes(std::string_view text) {
  return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
}

std::string_view as_text(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

class Http2Session final : public Http2Wire {
 public:
  Http2Session(Session& session, net::Context context)
      : session_(session),
        context_(context),
        handlers_(*context.loop, context.cancel, session.options.on_bug),
        listening_(&session.draining),
        last_(context.cancel) {
    open();
  }

  net::Task<void> run() {
    net::Scope writing(*context_.loop, context_.cancel);
    writing.spawn(write());
    co_await read();
    closing_ = true;
    for (const auto& [id, exchange] : exchanges_) exchange->close(false);
    handlers_.cancel();
    co_await handlers_.join();
    wake();
    co_await writing.join();
    std::ignore = co_await connection().finish(context_.loop->in(session_.options.deadlines.finish));
    exchanges_.clear();
  }

 private:
  using Exchanges = std::map<std::int32_t, std::unique_ptr<Http2Exchange>>;

  net::Connection& connection() { return session_.connection; }

  void open() {
    const ServerOptions::Http2& options = session_.options.http2;
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_option* choices = nullptr;
    PABAL_CHECK(::nghttp2_session_callbacks_new(&callbacks) == 0 && ::nghttp2_option_new(&choices) == 0);
    ::nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
    ::nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    ::nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    ::nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    ::nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_sent);
    ::nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    ::nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    ::nghttp2_option_set_no_auto_window_update(choices, 1);
    // What it would keep of streams that are over serves priorities, which RFC 9113 dropped.
    ::nghttp2_option_set_no_closed_streams(choices, 1);
    nghttp2_session* session = nullptr;
    PABAL_CHECK(::nghttp2_session_server_new2(&session, callbacks, this, choices) == 0);
    ::nghttp2_option_del(choices);
    ::nghttp2_session_callbacks_del(callbacks);
    http2_.reset(session);
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, options.max_streams},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options.stream_window_bytes},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(session_.options.head.max_bytes)}};
    ::nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, std::size(settings));
    ::nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0,
                                            static_cast<std::int32_t>(options.connection_window_bytes));
  }

  // --- Reading.

  net::Task<void> read() {
    while (!terminated_ && (!leaving_ || !exchanges_.empty())) {
      net::CancelSource& listen = leaving_ ? last_ : listening_;
      const net::Deadline idle = context_.loop->in(session_.options.deadlines.idle);
      const auto bytes = co_await connection().peek(idle).in({context_.loop, &listen});
      if (bytes) {
        const auto taken = ::nghttp2_session_mem_recv(http2_.get(), as_bytes(*bytes), bytes->size());
        connection().consume(bytes->size());
        if (taken < 0) {
          session_.summary.detail = ::nghttp2_strerror(static_cast<int>(taken));
          terminate(NGHTTP2_PROTOCOL_ERROR);
        }
        start_handlers();
        wake();
      } else if (bytes.error().kind == ErrorKind::kDeadline && !exchanges_.empty()) {
        continue;  // they have deadlines of their own
      } else if (bytes.error().kind == ErrorKind::kCancelled && !leaving_) {
        // What was begun is finished; the client takes the rest elsewhere.
        say_goodbye();
      } else {
        session_.summary.detail = bytes.error().detail;
        if (bytes.error().kind == ErrorKind::kDeadline) say_goodbye();
        co_return;
      }
    }
  }

  void say_goodbye() {
    leaving_ = true;
    ::nghttp2_submit_goaway(http2_.get(), NGHTTP2_FLAG_NONE,
                            ::nghttp2_session_get_last_proc_stream_id(http2_.get()), NGHTTP2_NO_ERROR,
                            nullptr, 0);
    wake();
  }

  void terminate(std::uint32_t error) {
    terminated_ = true;
    ::nghttp2_session_terminate_session(http2_.get(), error);
    stop_reading();
  }

  void stop_reading() {
    listening_.cancel();
    last_.cancel();
  }

  void start_handlers() {
    for (Http2Exchange* exchange : std::exchange(ready_, {})) handlers_.spawn(serve(*exchange));
  }

  net::Task<void> serve(Http2Exchange& exchange) {
    co_await exchange.serve();
    if (exchange.closed()) forget(exchange.stream());
  }

  void forget(std::int32_t stream) {
    if (closing_) return;
    exchanges_.erase(stream);
    if (leaving_ && exchanges_.empty()) last_.cancel();
  }

  // --- Writing.

  void wake() {
    has_output_ = true;
    output_.notify_all();
  }

  net::Task<void> write() {
    while (has_output_ || !closing_) {
      if (!std::exchange(has_output_, false)) {
        if (!co_await output_.wait(net::Deadline::never())) co_return;
        continue;
      }
      const std::uint8_t* bytes = nullptr;
      while (const auto size = ::nghttp2_session_mem_send(http2_.get(), &bytes)) {
        if (size < 0) co_return connection().close();
        const auto count = static_cast<std::size_t>(size);
        if (!co_await connection().write(as_text(bytes, count),
                                         session_.deadline_for(net::kBlockBytes + count)))
          co_return;
      }
      if (!co_await connection().flush(session_.deadline_for(net::kBlockBytes))) co_return;
    }
  }

  void send_head(std::int32_t stream, Status status, const Fields& fields, bool has_body) override {
    const std::string code = std::to_string(code_of(status));
    const std::string date = http_date(context_.loop->clock().wall());
    std::vector<nghttp2_nv> list;
    list.reserve(fields.size() + 2);
    const auto add = [&](std::string_view name, std::string_view value) {
      list.push_back({as_bytes(name), as_bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
    };
    add(":status", code);
    if (status != Status::kContinue) add("date", date);
    for (std::size_t i = 0; i < fields.size(); ++i) add(fields[i].name, fields[i].value);
    if (status == Status::kContinue) {
      ::nghttp2_submit_headers(http2_.get(), NGHTTP2_FLAG_NONE, stream, nullptr, list.data(), list.size(),
                               nullptr);
    } else {
      nghttp2_data_provider provider{};
      provider.read_callback = on_output;
      ::nghttp2_submit_response(http2_.get(), stream, list.data(), list.size(),
                                has_body ? &provider : nullptr);
    }
    wake();
  }

  void resume(std::int32_t stream) override {
    ::nghttp2_session_resume_data(http2_.get(), stream);
    wake();
  }

  void consume(std::int32_t stream, std::size_t size_bytes) override {
    ::nghttp2_session_consume(http2_.get(), stream, size_bytes);
    wake();
  }

  void reset(std::int32_t stream) override {
    ::nghttp2_submit_rst_stream(http2_.get(), NGHTTP2_FLAG_NONE, stream, NGHTTP2_INTERNAL_ERROR);
    wake();
  }

  // --- What the library says.

  static Http2Session& self(void* data) { return *static_cast<Http2Session*>(data); }

  Http2Exchange* find(std::int32_t stream) {
    const auto it = exchanges_.find(stream);
    return it == exchanges_.end() ? nullptr : it->second.get();
  }

  static int on_begin_frame(nghttp2_session*, const nghttp2_frame_hd* head, void* data) {
    if (head->type != NGHTTP2_HEADERS) self(data).count_frame();
    return 0;
  }

  static int on_begin_headers(nghttp2_session* http2, const nghttp2_frame* frame, void* data) {
    Http2Session& own = self(data);
    const std::int32_t stream = frame->hd.stream_id;
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    // A stream that was reset counts as long as its handler is at work (CVE-2023-44487).
    if (own.leaving_ || own.exchanges_.size() >= own.session_.options.http2.max_streams) {
      ::nghttp2_submit_rst_stream(http2, NGHTTP2_FLAG_NONE, stream, NGHTTP2_REFUSED_STREAM);
      return 0;
    }
    own.exchanges_.emplace(stream, std::make_unique<Http2Exchange>(own.session_, own, stream));
    return 0;
  }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size, std::uint8_t,
                       void* data) {
    Http2Exchange* const exchange = self(data).find(frame->hd.stream_id);
    // Those of a trailer are read over.
    if (exchange != nullptr && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
      exchange->take_field(as_text(name, name_size), as_text(value, value_size));
    return 0;
  }

  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* data) {
    Http2Session& own = self(data);
    const bool is_head = frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST;
    Http2Exchange* const exchange = own.find(frame->hd.stream_id);
    if (exchange == nullptr) return 0;
    const bool has_end = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (has_end && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) exchange->end_body();
    if (!is_head) return 0;
    exchange->begin_serving();
    own.ready_.push_back(exchange);
    return 0;
  }

  static int on_data(nghttp2_session* http2, std::uint8_t, std::int32_t stream, const std::uint8_t* bytes,
                     std::size_t size, void* data) {
    Http2Session& own = self(data);
    own.make_up_for(size);
    Http2Exchange* const exchange = own.find(stream);
    if (exchange == nullptr || exchange->served()) {
      ::nghttp2_session_consume(http2, stream, size);
    } else {
      exchange->take_body(as_text(bytes, size));
    }
    return 0;
  }

  static ssize_t on_output(nghttp2_session*, std::int32_t stream, std::uint8_t* into, std::size_t capacity,
                           std::uint32_t* flags, nghttp2_data_source*, void* data) {
    Http2Session& own = self(data);
    Http2Exchange* const exchange = own.find(stream);
    if (exchange == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    const auto output = exchange->take_output(reinterpret_cast<char*>(into), capacity);
    own.make_up_for(output.size);
    if (output.ended) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return output.size == 0 && !output.ended ? NGHTTP2_ERR_DEFERRED : static_cast<ssize_t>(output.size);
  }

  // A client that is answered before its body has ended need not send the rest (RFC 9113 §8.1). Behind a
  // GOAWAY for an error, which the library also sends by itself, nothing is worth reading.
  static int on_frame_sent(nghttp2_session* http2, const nghttp2_frame* frame, void* data) {
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR) {
      self(data).terminated_ = true;
      self(data).stop_reading();
    }
    const bool has_end = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (!has_end || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
    const Http2Exchange* const exchange = self(data).find(frame->hd.stream_id);
    if (exchange != nullptr && !exchange->body_ended())
      ::nghttp2_submit_rst_stream(http2, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
    return 0;
  }

  static int on_close(nghttp2_session*, std::int32_t stream, std::uint32_t error, void* data) {
    Http2Session& own = self(data);
    Http2Exchange* const exchange = own.find(stream);
    if (exchange == nullptr) return 0;
    exchange->close(error == NGHTTP2_NO_ERROR);
    // One whose head never came whole has no handler.
    if (exchange->served() || !exchange->begun()) own.forget(stream);
    return 0;
  }

  // Pings, settings, empty frames, windows a byte wider: each costs us more than its sender.
  void count_frame() {
    const MonoTime now = context_.loop->clock().mono();
    if (now - counted_since_ > kCountedFor) {
      counted_since_ = now;
      idle_frames_ = 0;
    }
    if (++idle_frames_ != session_.options.http2.max_idle_frames) return;
    session_.summary.detail = "too many frames that bring nothing";
    terminate(NGHTTP2_ENHANCE_YOUR_CALM);
  }
  void make_up_for(std::size_t size_bytes) {
    idle_frames_ -= std::min<std::size_t>(idle_frames_, size_bytes / kBytesPerFrame);
  }

  Session& session_;
  const net::Context context_;
  Exchanges exchanges_;  // outlives the library's session, which calls back while it goes
  std::unique_ptr<nghttp2_session, FreeSession> http2_;
  std::vector<Http2Exchange*> ready_;
  net::Scope handlers_;
  net::CancelSource listening_;  // the reader, until it is time to leave
  net::CancelSource last_;       // and then until the last stream is over
  net::Signal output_;
  bool has_output_ = true;
  bool leaving_ = false;
  bool terminated_ = false;
  bool closing_ = false;
  std::size_t idle_frames_ = 0;
  MonoTime counted_since_{};
};

}  // namespace

net::Task<void> serve_http2(Session& session) {
  Http2Session http2(session, co_await net::current_context());
  co_await http2.run();
}

}  // namespace pabal::http
