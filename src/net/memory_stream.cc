#include "net/memory_stream.h"

#include <algorithm>
#include <string>

#include "net/signal.h"

namespace pabal::net {

namespace {

/// One direction.
struct Pipe {
  std::string bytes;
  bool ended = false;   // shut down: what is left may be read, then comes the end
  bool broken = false;  // one of the two ends is gone
  Signal changed;
};

class MemoryStream final : public Stream {
 public:
  MemoryStream(std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out, const MemoryStreamOptions& options,
               Endpoint local, Endpoint peer)
      : in_(std::move(in)),
        out_(std::move(out)),
        capacity_(options.capacity_bytes),
        max_read_(options.max_read_bytes),
        local_(std::move(local)),
        peer_(std::move(peer)) {}
  ~MemoryStream() override { close(); }

  Task<Result<void>> wait_readable(Deadline deadline) override {
    while (!closed_ && in_->bytes.empty() && !in_->ended && !in_->broken) {
      PABAL_CO_TRY_VOID(co_await in_->changed.wait(deadline));
    }
    if (closed_) co_return fail(ErrorKind::kClose, "the connection was closed");
    co_return Result<void>();
  }

  Task<Result<std::size_t>> read_some(std::span<char> into, Deadline deadline) override {
    PABAL_CO_TRY_VOID(co_await wait_readable(deadline));
    std::string& bytes = in_->bytes;
    if (bytes.empty() && in_->ended) co_return 0;
    if (bytes.empty()) co_return fail(ErrorKind::kClose, "the peer broke the connection");
    const std::size_t size = std::min({into.size(), bytes.size(), max_read_});
    bytes.copy(into.data(), size);
    bytes.erase(0, size);
    in_->changed.notify_all();
    co_return size;
  }

  Task<Result<void>> write_all(std::span<const std::string_view> pieces, Deadline deadline) override {
    for (std::string_view piece : pieces) {
      while (!piece.empty()) {
        if (closed_ || out_->ended) co_return fail(ErrorKind::kClose, "the connection was closed");
        if (out_->broken) co_return fail(ErrorKind::kClose, "the peer broke the connection");
        const std::size_t size = std::min(piece.size(), capacity_ - out_->bytes.size());
        if (size == 0) {
          PABAL_CO_TRY_VOID(co_await out_->changed.wait(deadline));
          continue;
        }
        out_->bytes.append(piece.substr(0, size));
        piece.remove_prefix(size);
        out_->changed.notify_all();
      }
    }
    co_return Result<void>();
  }

  Task<Result<void>> shut_down(Deadline) override {
    if (closed_) co_return fail(ErrorKind::kClose, "the connection was closed");
    out_->ended = true;
    out_->changed.notify_all();
    co_return Result<void>();
  }

  void close() override {
    if (std::exchange(closed_, true)) return;
    in_->broken = true;
    out_->broken = true;
    in_->changed.notify_all();
    out_->changed.notify_all();
  }

  bool is_quiet() const override { return !closed_ && in_->bytes.empty() && !in_->ended && !in_->broken; }

  const Endpoint& peer() const override { return peer_; }
  const Endpoint& local() const override { return local_; }

 private:
  std::shared_ptr<Pipe> in_;
  std::shared_ptr<Pipe> out_;
  std::size_t capacity_;
  std::size_t max_read_;
  Endpoint local_;
  Endpoint peer_;
  bool closed_ = false;
};

}  // namespace

std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> make_memory_streams(MemoryStreamOptions options) {
  auto there = std::make_shared<Pipe>();
  auto back = std::make_shared<Pipe>();
  auto first = std::make_unique<MemoryStream>(back, there, options, options.first, options.second);
  auto second = std::make_unique<MemoryStream>(there, back, options, options.second, options.first);
  return {std::move(first), std::move(second)};
}

}  // namespace pabal::net
