#include "net/deflate_stream.h"

#include <zlib.h>

#include <algorithm>
#include <string>

#include "base/check.h"
#include "net/block_pool.h"

namespace pabal::net {

namespace {

// Negative: DEFLATE without zlib's header and checksum. A peer may refer 32 KiB back, so its window can't be
// smaller than the largest.
constexpr int kPeerWindowBits = -15;
// Ours are chosen for a server with many connections: the fastest level packs IMAP's answers nearly as well
// as the best, and takes 64 KiB instead of 264 with these.
constexpr int kLevel = 1;
constexpr int kWindowBits = -13;
constexpr int kMemoryLevel = 6;
constexpr std::size_t kMaxHistoryBytes = 32 * 1024;

Bytef* as_bytes(const char* data) { return reinterpret_cast<Bytef*>(const_cast<char*>(data)); }

/// Our direction.
class Compressor {
 public:
  Compressor() {
    // Fails only for want of memory.
    PABAL_CHECK(::deflateInit2(&z_, kLevel, Z_DEFLATED, kWindowBits, kMemoryLevel, Z_DEFAULT_STRATEGY) ==
                Z_OK);
  }
  ~Compressor() { ::deflateEnd(&z_); }
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  void feed(std::string_view bytes) {
    z_.next_in = as_bytes(bytes.data());
    z_.avail_in = static_cast<uInt>(bytes.size());
  }
  /// Fills `out` from its beginning. Less than its size: all that was fed has been taken, and with `flush`
  /// all of it stands there.
  std::size_t pack(std::span<char> out, bool flush) {
    z_.next_out = as_bytes(out.data());
    z_.avail_out = static_cast<uInt>(out.size());
    const int done = ::deflate(&z_, flush ? Z_SYNC_FLUSH : Z_NO_FLUSH);
    PABAL_CHECK(done == Z_OK || done == Z_BUF_ERROR);
    return out.size() - z_.avail_out;
  }

 private:
  z_stream z_{};
};

/// The peer's direction.
class Decompressor {
 public:
  Decompressor() { PABAL_CHECK(::inflateInit2(&z_, kPeerWindowBits) == Z_OK); }
  explicit Decompressor(std::string_view history) : Decompressor() {
    if (history.empty()) return;
    PABAL_CHECK(::inflateSetDictionary(&z_, as_bytes(history.data()), static_cast<uInt>(history.size())) ==
                Z_OK);
  }
  ~Decompressor() { ::inflateEnd(&z_); }
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;

  struct Step {
    std::size_t taken = 0;
    std::size_t made = 0;
    bool ended = false;   // the peer marked a block as its last
    bool broken = false;  // no DEFLATE
  };
  Step unpack(std::string_view in, std::span<char> out) {
    // Asked without input, zlib would forget that it stands between two blocks.
    if (in.empty() && between_blocks()) return {};
    z_.next_in = as_bytes(in.data());
    z_.avail_in = static_cast<uInt>(in.size());
    z_.next_out = as_bytes(out.data());
    z_.avail_out = static_cast<uInt>(out.size());
    const int done = ::inflate(&z_, Z_NO_FLUSH);
    return {.taken = in.size() - z_.avail_in,
            .made = out.size() - z_.avail_out,
            .ended = done == Z_STREAM_END,
            .broken = done != Z_OK && done != Z_STREAM_END && done != Z_BUF_ERROR};
  }

  // zlib.h on data_type: 64 in the last block, 128 between two, and the bits that are left of a byte.
  bool between_blocks() const { return (z_.data_type & (64 | 128)) == 128; }
  /// Where a sync flush ends: nothing of the next block has come.
  bool at_border() const { return z_.data_type == 128; }

  /// What the peer may still refer to.
  std::string history() {
    uInt size = 0;
    PABAL_CHECK(::inflateGetDictionary(&z_, nullptr, &size) == Z_OK && size <= kMaxHistoryBytes);
    std::string out(size, '\0');
    PABAL_CHECK(::inflateGetDictionary(&z_, as_bytes(out.data()), &size) == Z_OK);
    return out;
  }

 private:
  z_stream z_{};
};

class DeflateStream final : public Stream {
 public:
  DeflateStream(Loop& loop, std::unique_ptr<Stream> lower) : loop_(loop), lower_(std::move(lower)) {}

  Task<Result<void>> wait_readable(Deadline deadline) override {
    if (has_input() || broken_ || ended_) co_return Result<void>();
    const Deadline patience{std::min(deadline.at, loop_.in(kDeflateRest).at)};
    Result<void> result = co_await lower_->wait_readable(patience);
    if (result || result.error().kind != ErrorKind::kDeadline || patience.at == deadline.at) co_return result;
    rest();
    result = co_await lower_->wait_readable(deadline);
    resting_ = false;
    co_return result;
  }

  Task<Result<std::size_t>> read_some(std::span<char> into, Deadline deadline) override {
    for (;;) {
      if (broken_) co_return fail(ErrorKind::kClose, "what the peer sent is not compressed as agreed");
      if (ended_) co_return 0;
      if (!has_input()) {
        PABAL_CO_TRY(const bool came, co_await receive(deadline));
        if (!came && (decompressor_ == nullptr || decompressor_->at_border())) co_return 0;
        if (!came) co_return fail(ErrorKind::kClose, "the peer broke off in the middle of compressed data");
      }
      if (const std::size_t made = unpack(into); made > 0) co_return made;
    }
  }

  Task<Result<void>> write_all(std::span<const std::string_view> pieces, Deadline deadline) override {
    writing_ = true;
    if (compressor_ == nullptr) compressor_ = std::make_unique<Compressor>();
    Block out(loop_.blocks());
    Result<void> result = co_await pack_and_send(pieces, out, deadline);
    writing_ = false;
    // A word or two while the peer sleeps: it may be long until somebody asks again whether this is idle.
    if (resting_ || !result) compressor_.reset();
    co_return result;
  }

  Task<Result<void>> shut_down(Deadline deadline) override { return lower_->shut_down(deadline); }
  void close() override { lower_->close(); }

  bool is_quiet() const override { return !has_input() && !broken_ && !ended_ && lower_->is_quiet(); }
  const Endpoint& peer() const override { return lower_->peer(); }
  const Endpoint& local() const override { return lower_->local(); }
  std::optional<PeerCredentials> peer_credentials() const override { return lower_->peer_credentials(); }
  std::optional<TlsFacts> tls_facts() const override { return lower_->tls_facts(); }
  bool encrypted() const override { return lower_->encrypted(); }
  Result<std::string> channel_binding(ChannelBinding kind) const override {
    return lower_->channel_binding(kind);
  }

 private:
  bool has_input() const { return in_begin_ != in_end_ || may_hold_more_; }

  // Brings more; false at the end. Called only when all that came before has been unpacked.
  Task<Result<bool>> receive(Deadline deadline) {
    PABAL_CO_TRY_VOID(co_await wait_readable(deadline));
    in_ = Block(loop_.blocks());
    auto size = co_await lower_->read_some(in_.span(), deadline);
    if (!size || *size == 0) in_.reset();
    if (!size) co_return failure_of(std::move(size));
    in_begin_ = 0;
    in_end_ = *size;
    co_return *size > 0;
  }

  std::size_t unpack(std::span<char> into) {
    if (decompressor_ == nullptr) {
      decompressor_ = std::make_unique<Decompressor>(history_);
      history_ = {};
    }
    const auto step = decompressor_->unpack({in_.data() + in_begin_, in_end_ - in_begin_}, into);
    in_begin_ += step.taken;
    ended_ = step.ended;
    broken_ = step.broken;
    // zlib may have more in its own window when it had no room left.
    may_hold_more_ = step.made == into.size() && !ended_ && !broken_;
    if (in_begin_ == in_end_ || ended_ || broken_) {
      in_begin_ = in_end_ = 0;
      in_.reset();
    }
    return step.made;
  }

  Task<Result<void>> pack_and_send(std::span<const std::string_view> pieces, Block& out, Deadline deadline) {
    std::size_t packed = 0;  // of the block
    const std::size_t count = pieces.size();
    for (std::size_t i = 0; i <= count; ++i) {
      const bool flush = i == count;
      if (!flush) compressor_->feed(pieces[i]);
      for (;;) {
        const std::span<char> room = out.span().subspan(packed);
        const std::size_t made = compressor_->pack(room, flush);
        packed += made;
        const bool was_enough = made < room.size();
        if (!was_enough || (flush && packed > 0)) {
          const std::string_view whole[] = {std::string_view(out.data(), packed)};
          PABAL_CO_TRY_VOID(co_await lower_->write_all(whole, deadline));
          packed = 0;
        }
        if (was_enough) break;
      }
    }
    co_return Result<void>();
  }

  void rest() {
    resting_ = true;
    if (!writing_) compressor_.reset();
    if (decompressor_ == nullptr || !decompressor_->at_border()) return;
    history_ = decompressor_->history();
    decompressor_.reset();
  }

  Loop& loop_;
  std::unique_ptr<Stream> lower_;
  std::unique_ptr<Compressor> compressor_;      // nothing: at rest, and its next output refers to nothing
  std::unique_ptr<Decompressor> decompressor_;  // nothing: at rest, its window is in history_
  std::string history_;
  Block in_;  // what came and is not unpacked yet
  std::size_t in_begin_ = 0;
  std::size_t in_end_ = 0;
  bool may_hold_more_ = false;
  bool ended_ = false;
  bool broken_ = false;
  bool writing_ = false;
  bool resting_ = false;  // the reader waits, and has waited for long
};

}  // namespace

std::unique_ptr<Stream> make_deflate_stream(Loop& loop, std::unique_ptr<Stream> lower) {
  return std::make_unique<DeflateStream>(loop, std::move(lower));
}

}  // namespace pabal::net
