#include "fetch/server.h"

#include <chrono>
#include <cstdlib>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace convscope {

namespace {

bool readable(int socket, int milliseconds) {
  pollfd wanted{socket, POLLIN, 0};
  return poll(&wanted, 1, milliseconds) > 0;
}

} // namespace

void Connection::send(std::string_view bytes) const {
  while (!bytes.empty() && !quit_) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0)
      return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void Connection::head(const std::string &status, const std::vector<std::string> &fields) const {
  std::string text = "HTTP/1.1 " + status + "\r\nConnection: close\r\n";
  for (const std::string &field : fields)
    text += field + "\r\n";
  send(text + "\r\n");
}

void Connection::wait(double seconds) const {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (!quit_ && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

Server::Server(Answer answer) : answer_(std::move(answer)), socket_(socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  auto *plain = reinterpret_cast<sockaddr *>(&address);
  if (socket_ < 0 || bind(socket_, plain, length) != 0 || listen(socket_, 8) != 0 ||
      getsockname(socket_, plain, &length) != 0)
    throw std::runtime_error("no server on 127.0.0.1");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

Server::~Server() {
  quit_ = true;
  thread_.join();
  close(socket_);
}

std::string Server::url(const std::string &target) const {
  return "http://127.0.0.1:" + std::to_string(port_) + target;
}

std::vector<Request> Server::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void Server::serve() {
  while (!quit_) {
    if (!readable(socket_, 10))
      continue;
    const int client = accept(socket_, nullptr, nullptr);
    if (client < 0)
      continue;
    take(client);
    close(client);
  }
}

void Server::take(int client) {
  std::string text;
  char block[4096];
  while (text.find("\r\n\r\n") == std::string::npos && !quit_) {
    if (!readable(client, 10))
      continue;
    const ssize_t count = recv(client, block, sizeof(block), 0);
    if (count <= 0)
      return;
    text.append(block, static_cast<std::size_t>(count));
  }
  Request request;
  const std::size_t target = text.find(' ') + 1;
  request.target = text.substr(target, text.find(' ', target) - target);
  const std::string field = "\r\nRange: bytes=";
  if (const std::size_t at = text.find(field); at != std::string::npos)
    request.range = std::strtoull(text.c_str() + at + field.size(), nullptr, 10);
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
  }
  answer_(request, Connection(client, quit_));
}

void send_file(const Request &request, const Connection &connection, std::string_view bytes) {
  const std::string size = std::to_string(bytes.size());
  if (!request.range) {
    connection.head("200 OK", {"Content-Length: " + size});
    connection.send(bytes);
  } else if (*request.range >= bytes.size()) {
    connection.head("416 Range Not Satisfiable", {"Content-Range: bytes */" + size, "Content-Length: 0"});
  } else {
    connection.head("206 Partial Content", {"Content-Range: bytes " + std::to_string(*request.range) + "-" +
                                                std::to_string(bytes.size() - 1) + "/" + size,
                                            "Content-Length: " + std::to_string(bytes.size() - *request.range)});
    connection.send(bytes.substr(*request.range));
  }
}

} // namespace convscope
