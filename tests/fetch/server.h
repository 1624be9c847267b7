// An HTTP/1.1 server on 127.0.0.1 that answers as a test wants it to, wrongly too.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace convscope {

struct Request {
  std::string target;               // "/file", or a whole address where the server is a proxy
  std::optional<std::size_t> range; // the first byte that is asked for
};

// What a test answers with; closed when the answer returns.
class Connection {
public:
  Connection(int socket, const std::atomic<bool> &quit) : socket_(socket), quit_(quit) {}
  void send(std::string_view bytes) const; // stops where the other side has gone
  void head(const std::string &status, const std::vector<std::string> &fields) const;
  void wait(double seconds) const; // or to the server's end

private:
  int socket_;
  const std::atomic<bool> &quit_;
};

class Server {
public:
  using Answer = std::function<void(const Request &, const Connection &)>;
  explicit Server(Answer answer);
  ~Server();
  Server(const Server &) = delete;
  Server &operator=(const Server &) = delete;

  std::string url(const std::string &target) const;
  std::vector<Request> requests() const;

private:
  void serve();
  void take(int socket);

  Answer answer_;
  int socket_ = -1, port_ = 0;
  std::atomic<bool> quit_{false};
  mutable std::mutex mutex_;
  std::vector<Request> requests_;
  std::thread thread_;
};

// Sends the file as a good server does, ranges too.
void send_file(const Request &request, const Connection &connection, std::string_view bytes);

} // namespace convscope
