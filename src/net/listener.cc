#include "net/listener.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/check.h"
#include "net/detail/listening_socket.h"
#include "net/detail/socket_address.h"
#include "net/detail/socket_stream.h"
#include "net/proxy_header.h"

namespace pabal::net {

namespace {

/// Then the loop's other connections have their turn.
constexpr int kMaxAcceptsInARow = 64;
/// Out of descriptors: others must end before it makes sense to try again.
constexpr std::chrono::milliseconds kPauseAfterFailure{100};

/// Reads exactly the header, so that the session gets all of its own bytes.
Task<Result<ProxyHeader>> read_proxy_header(Stream& stream, Deadline deadline) {
  std::string bytes;
  for (;;) {
    PABAL_CO_TRY(auto progress, parse_proxy_header(bytes));
    if (progress.header) co_return *std::move(progress.header);
    const std::size_t had = bytes.size();
    bytes.resize(had + progress.needed_bytes);
    PABAL_CO_TRY(const std::size_t size, co_await stream.read_some(std::span(bytes).subspan(had), deadline));
    if (size == 0) co_return fail(ErrorKind::kClose, "the connection ended in its PROXY header");
    bytes.resize(had + size);
  }
}

}  // namespace

Result<std::unique_ptr<Listener>> Listener::open(Loop& loop, ListenerOptions options,
                                                 ListenerHandlers handlers) {
  if (options.proxy_protocol && options.proxy_networks.empty()) {
    return fail(ErrorKind::kRefuse, "listening on {}: the PROXY protocol needs the networks that may use it",
                options.endpoint.to_string());
  }
  PABAL_TRY(UniqueFd fd, open_listening_socket(options.endpoint, options.backlog, options.unix_mode));
  PABAL_TRY(auto descriptor, Descriptor::adopt(loop, std::move(fd)));
  return std::unique_ptr<Listener>(
      new Listener(loop, std::move(descriptor), std::move(options), std::move(handlers)));
}

Listener::Listener(Loop& loop, std::unique_ptr<Descriptor> descriptor, ListenerOptions options,
                   ListenerHandlers handlers)
    : loop_(loop),
      descriptor_(std::move(descriptor)),
      options_(std::move(options)),
      handlers_(std::move(handlers)),
      local_(local_endpoint_of(descriptor_->fd())),
      accepting_(loop),
      sessions_(loop, nullptr, handlers_.on_bug) {}

Listener::~Listener() { PABAL_CHECK(sessions_.size() == 0 && accepting_.size() == 0); }

void Listener::start() {
  started_ = true;
  accepting_.spawn(accept_connections());
}

Task<void> Listener::accept_connections() {
  while (co_await descriptor_->wait(Descriptor::Ready::kRead, Deadline::never())) {
    if (accept_queued(kMaxAcceptsInARow)) continue;
    if (!co_await sleep_until(loop_.in(kPauseAfterFailure))) break;
  }
}

// Takes what waits in the queue. False if the system is short of something and a pause is due.
bool Listener::accept_queued(int at_most) {
  for (int i = 0; i < at_most; ++i) {
    UniqueFd fd(::accept4(descriptor_->fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd) {
      last_trouble_.clear();
      take(std::move(fd));
      continue;
    }
    const int error = errno;
    if (error == EAGAIN || error == EWOULDBLOCK) {
      descriptor_->drained(Descriptor::Ready::kRead);
      return true;
    }
    // Peers that left while they waited, and their networks' errors, are nothing of ours (accept(2)).
    const bool ours = error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM ||
                      error == EBADF || error == EINVAL;
    if (!ours) continue;
    counters_.accept_failed.fetch_add(1, std::memory_order_relaxed);
    trouble(fmt::format("accepting on {}: {}", local_.to_string(), error_text(error)));
    return false;
  }
  return true;
}

void Listener::take(UniqueFd fd) {
  auto descriptor = Descriptor::adopt(loop_, std::move(fd));
  if (!descriptor) {
    counters_.accept_failed.fetch_add(1, std::memory_order_relaxed);
    trouble(std::move(descriptor).error().detail);
    return;
  }
  auto stream = std::make_unique<SocketStream>(std::move(*descriptor));
  if (!options_.proxy_protocol) {
    admit(std::move(stream));
    return;
  }
  const TcpEndpoint* proxy = stream->peer().tcp();
  const bool trusted =
      proxy != nullptr && std::ranges::any_of(options_.proxy_networks, [&](const Network& network) {
        return network.contains(proxy->address);
      });
  if (trusted) {
    sessions_.spawn(serve_proxied(std::move(stream)));
    return;
  }
  counters_.proxy_failed.fetch_add(1, std::memory_order_relaxed);
  trouble(fmt::format("{}: {} is not among the networks that may speak the PROXY protocol here",
                      local_.to_string(), proxy != nullptr ? proxy->address.to_string() : "a Unix socket"));
}

Task<void> Listener::serve_proxied(std::unique_ptr<Stream> stream) {
  auto header = co_await read_proxy_header(*stream, loop_.in(options_.proxy_timeout));
  if (!header) {
    counters_.proxy_failed.fetch_add(1, std::memory_order_relaxed);
    if (header.error().kind != ErrorKind::kCancelled) {
      trouble(fmt::format("{}: {} (from {})", local_.to_string(), header.error().detail,
                          stream->peer().to_string()));
    }
    co_return;
  }
  if (header->endpoints) {
    // take() made it.
    static_cast<SocketStream&>(*stream).set_endpoints(header->endpoints->destination,
                                                      header->endpoints->source);
  }
  admit(std::move(stream));
}

void Listener::admit(std::unique_ptr<Stream> stream) {
  ConnectionLimits::Place place;
  const Admission admission =
      options_.limits != nullptr ? options_.limits->admit(stream->peer(), place) : Admission::kAdmitted;
  if (admission == Admission::kAdmitted) {
    counters_.accepted.fetch_add(1, std::memory_order_relaxed);
    sessions_.spawn(serve(std::move(stream), std::move(place)));
    return;
  }
  counters_.refused.fetch_add(1, std::memory_order_relaxed);
  const std::string words = handlers_.refuse ? handlers_.refuse(admission) : std::string();
  static_cast<SocketStream&>(*stream).say_and_close(words);
}

Task<void> Listener::serve(std::unique_ptr<Stream> stream, ConnectionLimits::Place) {
  counters_.open.fetch_add(1, std::memory_order_relaxed);
  struct Leave {
    ListenerCounters& counters;
    ~Leave() { counters.open.fetch_sub(1, std::memory_order_relaxed); }
  } leave{counters_};
  co_await handlers_.serve(std::move(stream), draining_);
}

Task<void> Listener::drain(Deadline deadline) {
  accepting_.cancel();
  co_await accepting_.join();
  if (!descriptor_->closed()) {
    if (started_) std::ignore = accept_queued(options_.backlog);
    if (const UnixEndpoint* local = options_.endpoint.unix_socket()) ::unlink(local->path.c_str());
    descriptor_->close();
  }
  draining_.cancel();
  Loop::Timer timer(loop_);
  timer.arm(deadline, [this] { sessions_.cancel(); });
  co_await sessions_.join();
}

void Listener::trouble(std::string text) {
  if (text == last_trouble_) return;
  last_trouble_ = std::move(text);
  if (handlers_.on_trouble) handlers_.on_trouble(last_trouble_);
}

}  // namespace pabal::net
