// SPDX-License-Identifier: Apache-2.0

// Pushes what is posted to /publish to all WebSocket clients, with the shared prepared message that gorilla/websocket offers.
package main

import (
	"io"
	"net/http"
	"os"
	"runtime"
	"sync"

	"github.com/gorilla/websocket"
)

type client struct {
	connection *websocket.Conn
	queue      chan *websocket.PreparedMessage
}

var (
	clients  = map[*client]bool{}
	lock     sync.Mutex
	upgrader = websocket.Upgrader{ReadBufferSize: 1024, WriteBufferPool: &sync.Pool{}, WriteBufferSize: 4096}
)

func (c *client) write() {
	for message := range c.queue {
		if c.connection.WritePreparedMessage(message) != nil {
			return
		}
	}
}

func open(answer http.ResponseWriter, request *http.Request) {
	connection, err := upgrader.Upgrade(answer, request, nil)
	if err != nil {
		return
	}
	c := &client{connection, make(chan *websocket.PreparedMessage, 16)}
	lock.Lock()
	clients[c] = true
	lock.Unlock()
	go c.write()
	for {
		if _, _, err := connection.NextReader(); err != nil {
			break
		}
	}
	lock.Lock()
	delete(clients, c)
	lock.Unlock()
	close(c.queue)
	connection.Close()
}

func publish(answer http.ResponseWriter, request *http.Request) {
	body, _ := io.ReadAll(request.Body)
	message, _ := websocket.NewPreparedMessage(websocket.TextMessage, body)
	lock.Lock()
	for c := range clients {
		c.queue <- message
	}
	lock.Unlock()
	answer.WriteHeader(http.StatusAccepted)
}

func main() {
	runtime.GOMAXPROCS(2)
	http.HandleFunc("/ws", open)
	http.HandleFunc("/publish", publish)
	panic(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
