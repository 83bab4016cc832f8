package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

type asked struct {
	Entries [][]byte `json:"entries"`
	Sizes   []int64  `json:"sizes"`
}

// tree is what one size has: all of it in base64, as encoding/json writes bytes.
type tree struct {
	Size        int64             `json:"size"`
	Root        []byte            `json:"root"`
	Inclusion   [][][]byte        `json:"inclusion"`   // by index
	Consistency [][][]byte        `json:"consistency"` // by first size, from 1
	Tiles       map[string][]byte `json:"tiles"`       // by path, as C2SP tlog-tiles has it
}

func trees(from io.Reader, to io.Writer) error {
	var all asked
	if err := json.NewDecoder(from).Decode(&all); err != nil {
		return err
	}
	stored := []tlog.Hash{}
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := []tlog.Hash{}
		for _, index := range indexes {
			if index >= int64(len(stored)) {
				return nil, fmt.Errorf("no hash %d", index)
			}
			found = append(found, stored[index])
		}
		return found, nil
	})
	for at, entry := range all.Entries {
		hashes, err := tlog.StoredHashes(int64(at), entry, reader)
		if err != nil {
			return err
		}
		stored = append(stored, hashes...)
	}
	answers := []tree{}
	for _, size := range all.Sizes {
		each, err := answer(size, reader)
		if err != nil {
			return err
		}
		answers = append(answers, each)
	}
	return json.NewEncoder(to).Encode(answers)
}

func answer(size int64, reader tlog.HashReader) (tree, error) {
	root, err := tlog.TreeHash(size, reader)
	if err != nil {
		return tree{}, err
	}
	found := tree{Size: size, Root: root[:], Tiles: map[string][]byte{}}
	for at := int64(0); at < size; at++ {
		inclusion, err := tlog.ProveRecord(size, at, reader)
		if err != nil {
			return tree{}, err
		}
		found.Inclusion = append(found.Inclusion, unhashed(inclusion))
		consistency, err := tlog.ProveTree(size, at+1, reader)
		if err != nil {
			return tree{}, err
		}
		found.Consistency = append(found.Consistency, unhashed(consistency))
	}
	for _, tile := range tlog.NewTiles(height, 0, size) {
		body, err := tlog.ReadTileData(tile, reader)
		if err != nil {
			return tree{}, err
		}
		found.Tiles[pathOf(tile)] = body
	}
	return found, nil
}

// pathOf returns where C2SP serves a tile: without the height, which is always 8, and with the entries under their own name.
func pathOf(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", height))
	return "tile/" + strings.Replace(path, "data/", "entries/", 1)
}

func unhashed(hashes []tlog.Hash) [][]byte {
	bare := [][]byte{}
	for _, each := range hashes {
		bare = append(bare, append([]byte{}, each[:]...))
	}
	return bare
}
