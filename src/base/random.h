// Randomness as an interface: the kernel's in the server, a seed's in a test that must repeat.
#pragma once

#include <cstdint>
#include <mutex>
#include <random>
#include <span>
#include <string>

namespace pabal {

/// Any thread may ask.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<char> out) = 0;

  std::uint64_t next();
  /// Uniform in [0, bound); bound must be above zero.
  std::uint64_t below(std::uint64_t bound);
  std::string bytes(std::size_t size);
};

/// getrandom(2): fit for keys and tokens.
class SystemRandom final : public Random {
 public:
  void fill(std::span<char> out) override;
};

/// The same bytes for the same seed. For tests and simulations only.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
  void fill(std::span<char> out) override;

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

}  // namespace pabal
