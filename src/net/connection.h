// What a protocol session holds: a stream with an input and an output buffer. Framing is here, once for all
// protocols: lines with their limits and their policy on bare CR and LF, literals, byte chunks.
//
// Belongs to one loop. One reader and one writer at a time, as on a stream. Reading sends what is in the
// output buffer before it waits, so a session answers pipelined commands in one go and never flushes by
// hand; only a writer at work beside a waiting reader (IDLE) must.
// Buffers are taken while bytes are in them: an idle connection has none.
//
// A failed write leaves the connection useless: every later call fails with kClose.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/block_pool.h"
#include "net/input_buffer.h"
#include "net/signal.h"
#include "net/stream.h"

namespace pabal::net {

class HandshakingStream;
class TlsClient;
class TlsServer;
struct TlsClientOptions;

struct LineLimits {
  /// Without the line end. SMTP commands are short (RFC 5321 §4.5.3.1.4), IMAP's are not.
  std::size_t max_bytes = 4096;
  /// How much of a longer line is read and dropped to find its end, so that its rest never becomes a
  /// command. Behind that the connection is closed.
  std::size_t max_dropped_bytes = 1024 * 1024;
  /// Leniency: LF alone ends a line too. Only for people who type (POP3 or IMAP by hand), never
  /// where a relay listens: two readings of one stream are how mail is smuggled in.
  bool accept_bare_lf = false;
  /// Leniency: CR inside a line is an ordinary byte.
  bool accept_bare_cr = false;
};

/// Sees the dialogue as it passes, for journeys and debugging. Secrets are the session's matter: it takes
/// the tap off before one passes. Must be quick, and outlive the connection or be taken off.
class WireTap {
 public:
  virtual ~WireTap() = default;
  /// A line without its end.
  virtual void line_received(std::string_view line) = 0;
  /// Bytes that are no line: literals, message data. Their number alone.
  virtual void data_received(std::size_t size_bytes) = 0;
  virtual void sent(std::string_view bytes) = 0;
};

class Connection {
 public:
  Connection(Loop& loop, std::unique_ptr<Stream> stream);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Loop& loop() { return loop_; }
  Stream& stream() { return *stream_; }
  const Endpoint& peer() const { return stream_->peer(); }
  bool encrypted() const { return stream_->encrypted(); }
  void set_tap(WireTap* tap) { tap_ = tap; }

  // --- Reading. Views point into the input buffer and hold until the next read or start_….

  /// A line without its end.
  /// kOverLimit: it was longer than `limits.max_bytes`; it has been dropped whole.
  /// kRefuse: bare CR or LF stood in it.
  /// After these two the session says so to the peer and reads on; if the connection can't go on safely (the
  /// line's end is unknown) the next read says kClose.
  /// kClose: the peer ended or broke the connection.
  Task<Result<std::string_view>> read_line(LineLimits limits, Deadline deadline);

  /// Fills `into`. kClose if the peer ends before.
  Task<Result<void>> read_exactly(std::span<char> into, Deadline deadline);

  /// The bytes that are there, waiting for one if there is none; consume() what was used. For readers
  /// with a framing of their own, such as dot-stuffed data. `at_least` (up to kBlockBytes) waits for more.
  Task<Result<std::string_view>> peek(Deadline deadline, std::size_t at_least = 1);
  void consume(std::size_t size_bytes);

  /// Waits until there is something to read, in as few frames as can be: where ten thousand connections rest.
  /// What is in the output buffer must have been flushed. Reads nothing; take_input() does.
  Task<Result<void>> wait_for_input(Deadline deadline);
  /// Reads what is there after wait_for_input().
  Task<Result<void>> take_input(Deadline deadline);

  /// What came and was not consumed yet, without waiting: how SMTP tells pipelining where none is allowed.
  std::string_view buffered_input() const { return input_.bytes().substr(consumed_); }

  /// Nothing came, and the peer has not ended, as far as can be told without waiting.
  bool is_quiet() const { return !failed_ && buffered_input().empty() && stream_->is_quiet(); }

  // --- Writing.

  /// Puts `bytes` in the output buffer; when that is full, sends buffer and bytes and waits for room. The
  /// caller keeps `bytes` until this returns.
  Task<Result<void>> write(std::string_view bytes, Deadline deadline);
  /// Sends what waits in the buffer.
  Task<Result<void>> flush(Deadline deadline);

  // --- The rest of its life.

  /// Server: flushes, then speaks TLS from here on. Plaintext that already waits behind the command
  /// that asked for TLS closes the connection (RFC 3207 §4.2: what came before the handshake can't be
  /// trusted), as does a failed handshake.
  Task<Result<void>> start_tls(TlsServer& tls, Deadline deadline);
  /// Client: the same from the other side.
  Task<Result<void>> start_tls(TlsClient& tls, TlsClientOptions options, Deadline deadline);

  /// Either side: flushes, and compresses from here on. A peer must not send more before it has seen
  /// the answer that says so (RFC 4978 §3); if it did, nobody knows what that is, and the connection is
  /// closed.
  Task<Result<void>> start_deflate(Deadline deadline);

  /// Exchanges the stream for one that wraps it. The input buffer must be empty; its output flushed.
  template <class Wrap>
  void wrap_stream(Wrap&& wrap) {
    stream_ = wrap(std::move(stream_));
  }

  /// Flushes, ends our direction, reads and drops what the peer still sends until it ends too, then closes.
  /// Without that a peer may lose our last reply to a reset (RFC 9112 §9.6 tells why).
  Task<Result<void>> finish(Deadline deadline);
  /// Closes at once. Waits under way end with kClose.
  void close();

  std::uint64_t bytes_received() const { return received_bytes_; }
  std::uint64_t bytes_sent() const { return sent_bytes_; }

 private:
  Task<Result<void>> fill(Deadline deadline);
  Result<std::string_view> take_line(std::size_t lf, const LineLimits& limits);
  Task<Result<std::string_view>> drop_line(LineLimits limits, Deadline deadline);
  Task<Result<void>> send(std::string_view more, Deadline deadline);
  Task<Result<void>> prepare_tls(Deadline deadline);
  Task<Result<void>> shake_hands(std::unique_ptr<HandshakingStream> stream, Deadline deadline);
  void drop_consumed();
  void give_up();

  Loop& loop_;
  std::unique_ptr<Stream> stream_;
  WireTap* tap_ = nullptr;
  InputBuffer input_;
  std::size_t consumed_ = 0;  // of the input; freed when the next read begins, since views point there
  Block output_;
  std::size_t output_size_ = 0;
  bool sending_ = false;
  bool framing_lost_ = false;
  bool failed_ = false;
  Signal sent_;
  std::uint64_t received_bytes_ = 0;
  std::uint64_t sent_bytes_ = 0;
};

}  // namespace pabal::net
